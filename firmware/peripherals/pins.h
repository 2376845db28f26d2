/* GPIO, SYSCFG and EXTI beside what the board's registers.h has: RM0385 sections 6.4, 7.2 and 11.9. */
#ifndef PINS_H
#define PINS_H

#include "clocks.h"

#define GPIO_ODR(port) REG32((port) + 0x14u)
#define GPIO_LCKR(port) REG32((port) + 0x1Cu)
#define GPIO_LCKR_LCKK (1u << 16)

enum pin_mode { INPUT, OUTPUT, ALTERNATE, ANALOG };
enum pull { NO_PULL, PULL_UP, PULL_DOWN };

#define SYSCFG_EXTICR(line) REG32(0x40013808u + 4u * ((line) / 4u))

#define EXTI_IMR REG32(0x40013C00u)
#define EXTI_RTSR REG32(0x40013C08u)
#define EXTI_FTSR REG32(0x40013C0Cu)
#define EXTI_SWIER REG32(0x40013C10u)
#define EXTI_PR REG32(0x40013C14u)
#define EXTI1_IRQ 7u
#define EXTI9_5_IRQ 23u
#define EXTI15_10_IRQ 40u
#define RTC_ALARM_EXTI 17u
#define RTC_WKUP_EXTI 22u

/* The mode of one pin; turns the port's clock on. */
static inline void pin_mode(uint32_t port, unsigned pin, enum pin_mode mode) {
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_GPIOEN(port));
    GPIO_MODER(port) = (GPIO_MODER(port) & ~FIELD(3, 2u * pin)) | FIELD(mode, 2u * pin);
}

static inline void pin_pull(uint32_t port, unsigned pin, enum pull pull) {
    GPIO_PUPDR(port) = (GPIO_PUPDR(port) & ~FIELD(3, 2u * pin)) | FIELD(pull, 2u * pin);
}

static inline void pin_write(uint32_t port, unsigned pin, unsigned level) {
    GPIO_BSRR(port) = 1u << (level ? pin : pin + 16u);
}

static inline unsigned pin_read(uint32_t port, unsigned pin) {
    return GPIO_IDR(port) >> pin & 1u;
}

/* Each pin of the mask to an alternate function at the highest speed. */
static inline void pins_alternate(uint32_t port, uint32_t mask, unsigned function, enum pull pull, unsigned open_drain) {
    for (unsigned pin = 0; pin < 16u; pin++) {
        if ((mask >> pin & 1u) == 0) {
            continue;
        }
        clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_GPIOEN(port));
        GPIO_AFR(port, pin) = (GPIO_AFR(port, pin) & ~FIELD(15, 4u * (pin % 8u))) | FIELD(function, 4u * (pin % 8u));
        GPIO_OSPEEDR(port) |= FIELD(3, 2u * pin);
        GPIO_OTYPER(port) = (GPIO_OTYPER(port) & ~(1u << pin)) | open_drain << pin;
        pin_pull(port, pin, pull);
        pin_mode(port, pin, ALTERNATE);
    }
}

#endif
