/* The touch panel and the blue button. */
#ifndef BUTTONS_H
#define BUTTONS_H

#ifdef __cplusplus
extern "C" {
#endif

void buttons_init(void);
/* Whether a finger has come down on either since the last call. */
int buttons_pressed(void);

#ifdef __cplusplus
}
#endif
#endif
