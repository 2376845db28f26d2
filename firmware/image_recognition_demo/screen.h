/* What the demo shows. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void screen_init(void);
void screen_show_camera(const uint16_t *frame);
void screen_show_input(const uint8_t *input);
/* `tenths` of a percent, `milliseconds` of one inference. */
void screen_show_label(const char *label, unsigned tenths, unsigned milliseconds);
void screen_show_state(const char *state);

#ifdef __cplusplus
}
#endif
#endif
