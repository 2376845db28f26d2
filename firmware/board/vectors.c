/* The vector table: exceptions by their CMSIS names, each weak. */
#include "vectors.h"

#include "board.h"
#include "core.h"
#include "interrupts.h"

#define DECLARE_HANDLER(number, name) void name##_IRQHandler(void);
#define INTERRUPT_HANDLER(number, name) WEAK_HANDLER(name##_IRQHandler)
#define INTERRUPT_VECTOR(number, name) [16 + (number)] = name##_IRQHandler,

void Default_Handler(void) {
    static const char hex[] = "0123456789abcdef";
    char text[] = "unexpected exception 0x00\r\n";
    text[23] = hex[ipsr() >> 4 & 15u];
    text[24] = hex[ipsr() & 15u];
    board_write(text, sizeof text - 1);
    board_exit(125);
}

CORE_HANDLERS(WEAK_HANDLER)
INTERRUPTS(INTERRUPT_HANDLER, DECLARE_HANDLER)

__attribute__((section(".vectors"), used, aligned(512))) const Handler vectors[] = {
    CORE_VECTORS, INTERRUPTS(INTERRUPT_VECTOR, INTERRUPT_VECTOR)
};
