/* The two caches of the core. */
#ifndef CACHES_H
#define CACHES_H

void caches_init(void);

#endif
