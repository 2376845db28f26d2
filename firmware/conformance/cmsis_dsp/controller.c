/* Controllers: PID, and of q31 and f32 sine with cosine, Park's and Clarke's transforms and their inverses. */
#include "check.h"

#define N 200u
static T a[N], b[N], sine[N], cosine[N], d[2 * N];

static void check_pid(void) {
    for (int32_t kept = 0; kept < 2; kept++) {
        JOIN(arm_pid_instance_, TYPE) pid;
        T gains[3];
        FILL(gains, 3), FILL(a, N);
        memset(&pid, 0, sizeof pid);
        pid.Kp = gains[0] / 4, pid.Ki = gains[1] / 4, pid.Kd = gains[2] / 4;
        F(pid_init)(&pid, 1 - kept);
        for (unsigned i = 0; i < N; i++) {
            d[i] = F(pid)(&pid, a[i]);
        }
        RESULT(NAME(pid), (unsigned)kept, d, N);
        F(pid_reset)(&pid);
        d[0] = F(pid)(&pid, a[0]);
        RESULT(NAME(pid_reset), (unsigned)kept, d, 1);
    }
}

#if IS_f32 || IS_q31
#if IS_f32
#define DEGREES(value) (180.0f * (value))
#else
#define DEGREES(value) (value)
#endif

static void check_transforms(void) {
    FILL(a, N), FILL(b, N);
    for (unsigned i = 0; i < N; i++) {
        F(sin_cos)(DEGREES(a[i]), &sine[i], &cosine[i]);
    }
    RESULT(NAME(sin_cos), 0, sine, N);
    RESULT(NAME(sin_cos), 1, cosine, N);
    for (unsigned i = 0; i < N; i++) {
        F(clarke)(a[i], b[i], &d[2 * i], &d[2 * i + 1]);
    }
    RESULT(NAME(clarke), 0, d, 2 * N);
    for (unsigned i = 0; i < N; i++) {
        F(inv_clarke)(a[i], b[i], &d[2 * i], &d[2 * i + 1]);
    }
    RESULT(NAME(inv_clarke), 0, d, 2 * N);
    for (unsigned i = 0; i < N; i++) {
        F(park)(a[i], b[i], &d[2 * i], &d[2 * i + 1], sine[i], cosine[i]);
    }
    RESULT(NAME(park), 0, d, 2 * N);
    for (unsigned i = 0; i < N; i++) {
        F(inv_park)(a[i], b[i], &d[2 * i], &d[2 * i + 1], sine[i], cosine[i]);
    }
    RESULT(NAME(inv_park), 0, d, 2 * N);
}
#endif

void check(void) {
    check_pid();
#if IS_f32 || IS_q31
    check_transforms();
#endif
    (void)b, (void)sine, (void)cosine;
}
