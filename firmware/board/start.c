/* From reset to main: FPU, sections by the linker script's tables, board, constructors. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "board.h"
#include "core.h"
#include "vectors.h"

typedef struct {
    const uint32_t *load;
    uint32_t *start;
    uint32_t *end;
} Copy;

typedef struct {
    uint32_t *start;
    uint32_t *end;
} Zero;

typedef void (*Constructor)(void);

extern const Copy __copy_table_start[], __copy_table_end[];
extern const Zero __zero_table_start[], __zero_table_end[];
extern const Constructor __preinit_array_start[], __preinit_array_end[];
extern const Constructor __init_array_start[], __init_array_end[];
extern const Handler vectors[];
extern int main(void);

/* The address of this symbol names the image to __cxa_atexit. */
void *__dso_handle = &__dso_handle;

static void fill_sections(void) {
    for (const Copy *copy = __copy_table_start; copy < __copy_table_end; copy++) {
        const uint32_t *from = copy->load;
        for (volatile uint32_t *to = copy->start; to < copy->end; to++) {
            *to = *from++;
        }
    }
    for (const Zero *zero = __zero_table_start; zero < __zero_table_end; zero++) {
        for (volatile uint32_t *to = zero->start; to < zero->end; to++) {
            *to = 0;
        }
    }
    dsb();
    isb();
}

static void call_all(const Constructor *first, const Constructor *end) {
    for (const Constructor *constructor = first; constructor < end; constructor++) {
        (*constructor)();
    }
}

/* Not inlined: a prologue that saves FP registers must come after the FPU is on. */
__attribute__((noinline, noreturn)) static void start(void) {
    fill_sections();
    board_init();
    call_all(__preinit_array_start, __preinit_array_end);
    call_all(__init_array_start, __init_array_end);
    exit(main());
}

void Reset_Handler(void) {
    CPACR |= CPACR_CP10_CP11;
    VTOR = (uint32_t)vectors;
    dsb();
    isb();
    start();
}
