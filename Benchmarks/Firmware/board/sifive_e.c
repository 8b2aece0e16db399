// SPDX-License-Identifier: Apache-2.0
// SiFive HiFive1 (FE310): 16 MHz from the crystal, UART0 on the pins that the USB bridge listens to, `mcycle`.
#include "firmware.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART0(offset) REGISTER(0x10013000 + (offset))

void board_start(void) {
    REGISTER(0x10008004) = 1u << 30;                  // PRCI HFXOSCCFG: crystal on
    while (!(REGISTER(0x10008004) & 1u << 31)) {}     // until it is steady
    REGISTER(0x10008008) = 1u << 16 | 1u << 17 | 1u << 18;  // PLLCFG: take the crystal, past the PLL
    REGISTER(0x1001203C) &= ~(3u << 16);              // GPIO IOF_SEL: pins 16 and 17 to UART0
    REGISTER(0x10012038) |= 3u << 16;                 // GPIO IOF_EN
    UART0(0x18) = 138;                                // DIV: 16 MHz / 115200
    UART0(0x08) = 1;                                  // TXCTRL: on
    UART0(0x0C) = 1;                                  // RXCTRL: on
}

void serial_put(uint8_t byte) {
    while (UART0(0x00) & 1u << 31) {}
    UART0(0x00) = byte;
}

uint8_t serial_get(void) {
    for (;;) {
        uint32_t word = UART0(0x04);
        if (!(word & 1u << 31)) return (uint8_t)word;
    }
}

uint32_t ticks(void) {
    uint32_t count;
    __asm__ volatile("csrr %0, mcycle" : "=r"(count));
    return count;
}
