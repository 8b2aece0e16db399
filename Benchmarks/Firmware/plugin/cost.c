// SPDX-License-Identifier: Apache-2.0
// A TCG plugin that counts what an operation costs: instructions, model cycles, lowest stack store, and how many of the
// instructions were spent inside primitives and below functions that handle public data only. An operation lies between two marker functions of the image. At the end it tells
// which functions the stack held when it was deepest.
//
// Arguments: code=FILE,base=ADDR    the flash image, decoded here (QEMU 7.2 misreports some Thumb lengths)
//            begin=ADDR,end=ADDR,scan=ADDR    the markers
//            stack=LOW:HIGH         the RAM a stack may grow into
//            owners=FILE            lines "START END CLASS"; class 1 protocol, 2 primitive, 3 shared helper
//            public=ADDR:ADDR:...   entries of functions that handle public data only
//            model=m0|m4|rv32,out=FILE,release=FIFO
//            trace=1                follow every address that is executed, read or written
//
// Output: "region INSTRUCTIONS CYCLES LOWEST PRIMITIVE PUBLIC CALLS TRACE", "scan" (waits for a byte from the FIFO), "total ...", and
// for each function of the deepest stack, the outermost first, "frame ENTRY BYTES".
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qemu-plugin.h>
#include "model.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

enum owner { harness = 0, protocol = 1, primitive = 2, shared = 3 };
enum marker { ordinary, beginMarker, endMarker, scanMarker };

struct block {
    uint64_t start;
    uint64_t next;      // the address after its last instruction
    unsigned instructions, cycles, taken;
    enum owner owner;
    enum marker marker;
    bool calls;         // it ends in a call
    bool isPublic;      // it begins a function that handles public data only
};

struct range { uint64_t start, end; enum owner owner; };

static struct { uint64_t instructions, cycles, primitive, public, publicCalls; } now, at;
static uint64_t lowest, lowestEver, stackLow, stackHigh, base, begin, end, scan;
static enum owner payer;
static const struct block *previous;
static uint64_t publicFunctions[16], publicReturn;  // where a call of one that is under way returns to; 0 without one
static size_t publicCount;
static struct range ranges[8192];
static size_t rangeCount;
static uint8_t *code;
static size_t codeSize;
static model *cost;
static decoder *linkageOf;
static FILE *out;
static const char *release;
static bool traces;
static uint64_t trace;  // of the addresses so far, in their order

static void follow(uint64_t address) { trace = (trace ^ address) * 0x100000001B3 ^ trace >> 29; }

static enum owner ownerOf(uint64_t address) {
    for (size_t i = 0; i < rangeCount; i++)
        if (address >= ranges[i].start && address < ranges[i].end) return ranges[i].owner;
    return harness;
}

// ---- Which function has how much of the stack ----

// A function that was called and has not returned. One that does not save its return address has no frame of its own here:
// what it stores counts for its caller.
struct frame {
    uint64_t entry, returnAddress;
    uint64_t top;  // the stack pointer when it was called; 0 until its return address has been saved
};

enum { maximumDepth = 128 };
static struct frame frames[maximumDepth], deepest[maximumDepth];
static size_t depth, deepestDepth;

static void followCall(uint64_t entry) {
    if (depth < maximumDepth) frames[depth++] = (struct frame){entry, previous->next, 0};
}

static void followReturn(uint64_t address) {
    for (size_t i = depth; i-- > 0;)
        if (frames[i].returnAddress == address) { depth = i; return; }
}

static void printFrames(void) {
    for (size_t i = 0; i < deepestDepth; i++) {
        if (!deepest[i].top) continue;
        size_t next = i + 1;
        while (next < deepestDepth && !deepest[next].top) next++;
        uint64_t bottom = next < deepestDepth ? deepest[next].top : lowestEver;
        fprintf(out, "frame %" PRIu64 " %" PRIu64 "\n", deepest[i].entry, deepest[i].top - bottom);
    }
}

// ---- What happens as the image runs ----

static void onMarker(enum marker marker) {
    switch (marker) {
    case beginMarker:
        at = now;
        lowest = stackHigh;
        trace = 0xCBF29CE484222325;
        break;
    case endMarker:
        fprintf(out, "region %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                now.instructions - at.instructions, now.cycles - at.cycles, lowest, now.primitive - at.primitive,
                now.public - at.public, now.publicCalls - at.publicCalls, trace);
        fflush(out);
        break;
    case scanMarker: {
        fprintf(out, "scan\n");
        fflush(out);
        FILE *gate = fopen(release, "r");  // the harness reads all RAM now, then opens the other side
        if (gate) fgetc(gate), fclose(gate);
        break;
    }
    case ordinary: break;
    }
}

static void onBlock(unsigned cpu, void *data) {
    (void)cpu;
    const struct block *block = data;
    // A shared helper (memcpy, 64-bit multiplication) is paid for by whoever called it.
    if (block->owner != shared) payer = block->owner;
    if (traces) follow(block->start);
    if (block->marker == endMarker || block->marker == scanMarker) onMarker(block->marker);
    now.instructions += block->instructions;
    now.cycles += block->cycles;
    if (payer == primitive) now.primitive += block->instructions;
    if (block->start == publicReturn) publicReturn = 0;
    if (block->isPublic && !publicReturn && depth) {
        publicReturn = frames[depth - 1].returnAddress;
        now.publicCalls++;
    }
    if (publicReturn) now.public += block->instructions;
    if (block->marker == beginMarker) onMarker(beginMarker);
    previous = block;
}

// Runs after the block before it, when control did not fall through.
static void onArrival(unsigned cpu, void *data) {
    (void)cpu;
    uint64_t address = (uint64_t)(uintptr_t)data;
    if (!previous) return;
    if (previous->next != address) now.cycles += previous->taken;
    if (previous->calls) followCall(address);
    else if (previous->next != address) followReturn(address);
}

static void onStore(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)cpu, (void)info;  // user data: whether a return address is stored
    if (address < stackLow || address >= stackHigh) return;
    // A compiler saves the return address highest in the frame, and of several registers last.
    if (data && depth) frames[depth - 1].top = address + 4;
    if (address < lowest) lowest = address;
    if (address >= lowestEver) return;
    lowestEver = address;
    memcpy(deepest, frames, depth * sizeof *frames);
    deepestDepth = depth;
}

static void onAccess(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)cpu, (void)info, (void)data;
    follow(address);
}

static void onTranslation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    uint64_t start = qemu_plugin_tb_vaddr(tb), address = start;
    size_t count = qemu_plugin_tb_n_insns(tb);
    struct block *block = calloc(1, sizeof *block);
    struct history history = {0};
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, i);
        address = qemu_plugin_insn_vaddr(instruction);
        bool isKnown = address >= base && address - base + 4 <= codeSize;
        const uint8_t *bytes = code + (address - base);
        struct step step = isKnown ? cost(bytes, &history) : (struct step){4, 0, 0};
        enum linkage linkage = isKnown ? linkageOf(bytes) : unrelated;
        qemu_plugin_register_vcpu_mem_cb(instruction, onStore, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W,
                                         (void *)(uintptr_t)(linkage == save));
        if (traces) qemu_plugin_register_vcpu_mem_cb(instruction, onAccess, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
        block->calls = linkage == call;
        block->instructions++;
        block->cycles += step.cycles;
        block->taken = step.taken;
        address += step.length;
    }
    block->start = start;
    block->next = address;
    for (size_t i = 0; i < publicCount; i++) block->isPublic |= publicFunctions[i] == start;
    block->owner = ownerOf(start);
    block->marker = start == begin ? beginMarker : start == end ? endMarker : start == scan ? scanMarker : ordinary;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, onArrival, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)start);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, onBlock, QEMU_PLUGIN_CB_NO_REGS, block);
}

static void onExit(qemu_plugin_id_t id, void *data) {
    (void)id, (void)data;
    fprintf(out, "total %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", now.instructions, now.cycles, lowestEver);
    printFrames();
    fclose(out);
}

static bool readCode(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    code = calloc(1, 1 << 20);
    codeSize = fread(code, 1, 1 << 20, file);
    fclose(file);
    return codeSize > 0;
}

static bool readOwners(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return false;
    struct range range;
    int owner;
    while (rangeCount < sizeof ranges / sizeof *ranges &&
           fscanf(file, "%" SCNx64 " %" SCNx64 " %d", &range.start, &range.end, &owner) == 3) {
        range.owner = (enum owner)owner;
        ranges[rangeCount++] = range;
    }
    fclose(file);
    return true;
}

// Addresses in hexadecimal, a colon behind each.
static bool readPublic(const char *list) {
    int length;
    while (publicCount < sizeof publicFunctions / sizeof *publicFunctions &&
           sscanf(list, "%" SCNx64 ":%n", &publicFunctions[publicCount], &length) == 1) {
        publicCount++;
        list += length;
    }
    return !*list;
}

static bool argument(const char *name, const char *value) {
    if (!strcmp(name, "code")) return readCode(value);
    if (!strcmp(name, "owners")) return readOwners(value);
    if (!strcmp(name, "public")) return readPublic(value);
    if (!strcmp(name, "out")) return (out = fopen(value, "w")) != NULL;
    if (!strcmp(name, "release")) return (release = strdup(value)) != NULL;
    if (!strcmp(name, "base")) return base = strtoull(value, NULL, 0), true;
    if (!strcmp(name, "begin")) return begin = strtoull(value, NULL, 0), true;
    if (!strcmp(name, "end")) return end = strtoull(value, NULL, 0), true;
    if (!strcmp(name, "scan")) return scan = strtoull(value, NULL, 0), true;
    if (!strcmp(name, "stack")) return sscanf(value, "%" SCNx64 ":%" SCNx64, &stackLow, &stackHigh) == 2;
    if (!strcmp(name, "trace")) return traces = *value == '1', true;
    if (!strcmp(name, "model")) {
        cost = !strcmp(value, "m0") ? cortex_m0 : !strcmp(value, "m4") ? cortex_m4 : !strcmp(value, "rv32") ? rv32 : NULL;
        linkageOf = cost == rv32 ? riscv_linkage : thumb_linkage;
        return cost != NULL;
    }
    return false;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) return 1;
        *value++ = 0;
        if (!argument(argv[i], value)) {
            fprintf(stderr, "cost plugin: cannot use %s=%s\n", argv[i], value);
            return 1;
        }
    }
    if (!cost || !out || !code) return 1;
    lowest = lowestEver = stackHigh;
    qemu_plugin_register_vcpu_tb_trans_cb(id, onTranslation);
    qemu_plugin_register_atexit_cb(id, onExit, NULL);
    return 0;
}
