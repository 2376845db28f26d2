/* Left the camera, right what the network sees and what it says. */
#include "screen.h"

#include <stdio.h>

#include "camera.h"
#include "lcd.h"
#include "picture.h"

#define BACKGROUND RGB565(16, 20, 32)
#define TITLE RGB565(232, 236, 244)
#define QUIET RGB565(132, 144, 168)
#define ACCENT RGB565(255, 196, 64)

#define MARGIN 8u
#define TOP 24u
#define CAMERA_SCALE 2u
#define INPUT_SCALE 4u
#define RIGHT 340u
#define LABEL_Y 160u
#define CONFIDENCE_Y 200u
#define TIME_Y 224u
#define STATE_Y 248u

void screen_init(void) {
    lcd_init(BACKGROUND);
    lcd_text(MARGIN, 5, 2, TITLE, BACKGROUND, "image recognition");
}

void screen_show_camera(const uint16_t *frame) {
    lcd_picture(MARGIN, TOP, frame, CAMERA_WIDTH, CAMERA_HEIGHT, CAMERA_SCALE);
}

void screen_show_input(const uint8_t *input) {
    for (unsigned y = 0; y < INPUT_SIDE; y++) {
        uint16_t row[INPUT_SIDE];
        for (unsigned x = 0; x < INPUT_SIDE; x++, input += 3) {
            row[x] = RGB565(input[0], input[1], input[2]);
        }
        lcd_picture(RIGHT, TOP + y * INPUT_SCALE, row, INPUT_SIDE, 1, INPUT_SCALE);
    }
}

static void show_line(unsigned y, unsigned scale, uint16_t colour, const char *text) {
    const unsigned end = lcd_text(RIGHT, y, scale, colour, BACKGROUND, text);
    if (end < LCD_WIDTH) {
        lcd_fill(end, y, LCD_WIDTH - end, 8u * scale, BACKGROUND);
    }
}

void screen_show_label(const char *label, unsigned tenths, unsigned milliseconds) {
    char text[24];
    snprintf(text, sizeof text, "%.5s", label);
    show_line(LABEL_Y, 4, ACCENT, text);
    snprintf(text, sizeof text, "%u.%u %%", tenths / 10u, tenths % 10u);
    show_line(CONFIDENCE_Y, 2, TITLE, text);
    snprintf(text, sizeof text, "%u ms", milliseconds);
    show_line(TIME_Y, 2, QUIET, text);
}

void screen_show_state(const char *state) {
    show_line(STATE_Y, 2, QUIET, state);
}
