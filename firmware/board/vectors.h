/* Exceptions of every Armv7-M core; a platform's vectors.c adds its interrupts. */
#ifndef VECTORS_H
#define VECTORS_H

typedef void (*Handler)(void);

extern char __stack_top[];
void Reset_Handler(void);
void Default_Handler(void);

/* A weak one that the board has. */
void SysTick_Handler(void);

#define WEAK_HANDLER(name) __attribute__((weak, alias("Default_Handler"))) void name(void);

#define CORE_HANDLERS(_) \
    _(NMI_Handler) _(HardFault_Handler) _(MemManage_Handler) _(BusFault_Handler) _(UsageFault_Handler) \
    _(SVC_Handler) _(DebugMon_Handler) _(PendSV_Handler)

#define CORE_VECTORS \
    (Handler)__stack_top, Reset_Handler, NMI_Handler, HardFault_Handler, MemManage_Handler, BusFault_Handler, \
    UsageFault_Handler, 0, 0, 0, 0, SVC_Handler, DebugMon_Handler, 0, PendSV_Handler, SysTick_Handler

#endif
