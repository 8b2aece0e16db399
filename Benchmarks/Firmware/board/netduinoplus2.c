// SPDX-License-Identifier: Apache-2.0
// STM32F405 as it comes out of reset (16 MHz internal oscillator): USART1 on PA9 and PA10, TIM2 as the cycle counter.
#include "firmware.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define USART1(offset) REGISTER(0x40011000 + (offset))
#define TIM2(offset) REGISTER(0x40000000 + (offset))

void board_start(void) {
    REGISTER(0x40023830) |= 1;                        // RCC AHB1ENR: GPIOA
    REGISTER(0x40023840) |= 1;                        // RCC APB1ENR: TIM2
    REGISTER(0x40023844) |= 1u << 4;                  // RCC APB2ENR: USART1
    REGISTER(0x40020000) |= 2u << 18 | 2u << 20;      // GPIOA MODER: PA9, PA10 alternate function
    REGISTER(0x40020024) |= 7u << 4 | 7u << 8;        // GPIOA AFRH: function 7
    USART1(0x08) = 139;                               // BRR: 16 MHz / 115200
    USART1(0x0C) = 1u << 13 | 1u << 3 | 1u << 2;      // CR1: UE, TE, RE
    TIM2(0x2C) = 0xFFFFFFFF;                          // ARR
    TIM2(0x14) = 1;                                   // EGR: load the prescaler and the limit
    TIM2(0x00) = 1;                                   // CR1: count
}

void serial_put(uint8_t byte) {
    while (!(USART1(0x00) & 1u << 7)) {}  // TXE
    USART1(0x04) = byte;
}

uint8_t serial_get(void) {
    while (!(USART1(0x00) & 1u << 5)) {}  // RXNE
    return (uint8_t)USART1(0x04);
}

uint32_t ticks(void) { return TIM2(0x24); }
