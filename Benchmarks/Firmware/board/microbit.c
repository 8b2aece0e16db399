// SPDX-License-Identifier: Apache-2.0
// BBC micro:bit v1 (nRF51822): UART0 on the pins that its USB bridge listens to, TIMER0 as the cycle counter.
#include "firmware.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART(offset) REGISTER(0x40002000 + (offset))
#define TIMER0(offset) REGISTER(0x40008000 + (offset))
enum { txPin = 24, rxPin = 25 };

void board_start(void) {
    REGISTER(0x50000518) = 1u << txPin;  // GPIO DIRSET: the pin drives the line
    UART(0x50C) = txPin;                 // PSELTXD
    UART(0x514) = rxPin;                 // PSELRXD
    UART(0x524) = 0x01D7E000;            // BAUDRATE: 115200
    UART(0x500) = 4;                     // ENABLE
    UART(0x000) = 1;                     // STARTRX
    UART(0x008) = 1;                     // STARTTX
    REGISTER(0x40000000) = 1;            // CLOCK HFCLKSTART: the crystal, so that both rates are exact
    TIMER0(0x508) = 3;                   // BITMODE: 32 bits
    TIMER0(0x510) = 0;                   // PRESCALER: 16 MHz, the processor's own clock
    TIMER0(0x000) = 1;                   // START
}

void serial_put(uint8_t byte) {
    UART(0x11C) = 0;  // TXDRDY
    UART(0x51C) = byte;
    while (!UART(0x11C)) {}
}

uint8_t serial_get(void) {
    while (!UART(0x108)) {}  // RXDRDY
    UART(0x108) = 0;
    return (uint8_t)UART(0x518);
}

uint32_t ticks(void) {
    TIMER0(0x040) = 1;  // CAPTURE[0]
    return TIMER0(0x540);
}
