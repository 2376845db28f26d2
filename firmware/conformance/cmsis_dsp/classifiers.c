/* Support vector machines with their four kernels, and Bayes's naive classifier. */
#include "check.h"

#define VECTORS 9u
#define SIZE 7u
#define CLASSES 4u
#define N 32u
static float32_t duals[VECTORS], vectors[VECTORS * SIZE], in[SIZE], theta[CLASSES * SIZE], sigma[CLASSES * SIZE], priors[CLASSES];
static float32_t probabilities[CLASSES], scratch[CLASSES], found[CLASSES * N];
static int32_t answers[N];
static int32_t classes[2] = {3, 8};

#define ANSWER(kind, machine) \
    for (unsigned i = 0; i < N; i++) { \
        fill_f32(in, SIZE); \
        arm_svm_##kind##_predict_f32(&machine, in, &answers[i]); \
    } \
    result("arm_svm_" #kind "_predict_f32", 0, answers, sizeof answers);

static void check_machines(void) {
    arm_svm_linear_instance_f32 linear;
    arm_svm_polynomial_instance_f32 polynomial;
    arm_svm_rbf_instance_f32 rbf;
    arm_svm_sigmoid_instance_f32 sigmoid;
    fill_f32(duals, VECTORS), fill_f32(vectors, COUNT(vectors));
    arm_svm_linear_init_f32(&linear, VECTORS, SIZE, 0.1f, duals, vectors, classes);
    ANSWER(linear, linear)
    arm_svm_polynomial_init_f32(&polynomial, VECTORS, SIZE, 0.1f, duals, vectors, classes, 3, 0.5f, 0.25f);
    ANSWER(polynomial, polynomial)
    arm_svm_rbf_init_f32(&rbf, VECTORS, SIZE, 0.1f, duals, vectors, classes, 0.25f);
    ANSWER(rbf, rbf)
    arm_svm_sigmoid_init_f32(&sigmoid, VECTORS, SIZE, 0.1f, duals, vectors, classes, 0.5f, 0.25f);
    ANSWER(sigmoid, sigmoid)
}

static void check_bayes(void) {
    const arm_gaussian_naive_bayes_instance_f32 bayes = {SIZE, CLASSES, theta, sigma, priors, 1e-6f};
    fill_f32(theta, COUNT(theta)), fill_float(sigma, COUNT(sigma), 0.2f, 1.0f), fill_float(priors, CLASSES, 0.1f, 0.4f);
    for (unsigned i = 0; i < N; i++) {
        fill_f32(in, SIZE);
        answers[i] = (int32_t)arm_gaussian_naive_bayes_predict_f32(&bayes, in, probabilities, scratch);
        memcpy(found + i * CLASSES, probabilities, sizeof probabilities);
    }
    result("arm_gaussian_naive_bayes_predict_f32", 0, answers, sizeof answers);
    result_float("arm_gaussian_naive_bayes_predict_f32", 1, found, CLASSES * N);
}

void check(void) {
    check_machines();
    check_bayes();
}
