/* Pins: RM0385 chapter 6. */
#include "pins.h"

#include "devices.h"

#define INPUT 0u
#define OUTPUT 1u
#define ALTERNATE 2u
#define VERY_HIGH_SPEED 3u

static void clock_on(uint32_t port) {
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOEN(port);
    (void)RCC_AHB1ENR;
}

static void set_mode(uint32_t port, unsigned pin, unsigned mode) {
    GPIO_MODER(port) = (GPIO_MODER(port) & ~FIELD(3, 2u * pin)) | FIELD(mode, 2u * pin);
}

void pins_alternate(uint32_t port, uint32_t mask, unsigned function, enum pull pull, int open_drain) {
    clock_on(port);
    for (unsigned pin = 0; pin < 16; pin++) {
        if ((mask >> pin & 1u) == 0) {
            continue;
        }
        GPIO_AFR(port, pin) = (GPIO_AFR(port, pin) & ~FIELD(15, 4u * (pin % 8u))) | FIELD(function, 4u * (pin % 8u));
        GPIO_OSPEEDR(port) |= FIELD(VERY_HIGH_SPEED, 2u * pin);
        GPIO_PUPDR(port) = (GPIO_PUPDR(port) & ~FIELD(3, 2u * pin)) | FIELD(pull, 2u * pin);
        if (open_drain) {
            GPIO_OTYPER(port) |= 1u << pin;
        }
        set_mode(port, pin, ALTERNATE);
    }
}

void pin_output(uint32_t port, unsigned pin, int level) {
    clock_on(port);
    GPIO_BSRR(port) = level ? 1u << pin : 1u << (pin + 16u);
    set_mode(port, pin, OUTPUT);
}

void pin_input(uint32_t port, unsigned pin) {
    clock_on(port);
    set_mode(port, pin, INPUT);
}

int pin_level(uint32_t port, unsigned pin) {
    return GPIO_IDR(port) >> pin & 1u;
}
