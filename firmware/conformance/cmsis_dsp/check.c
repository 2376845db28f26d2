#include "check.h"

#include "board.h"

static uint32_t state = 0x2545F491u;

uint32_t draw(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void fill_whole(void *data, unsigned count, unsigned bytes) {
    uint8_t *place = data;
    for (unsigned i = 0; i < count; i++, place += bytes) {
        const uint32_t low = 1u << (8u * bytes - 1u);
        const uint32_t extremes[] = {low, low - 1u, 0u, 1u, low + 1u, low - 2u, ~0u, low >> 1};
        const uint32_t random = draw(), value = draw() % 8u ? random : extremes[random % 8u];
        memcpy(place, &value, bytes);
    }
}

void fill_float(float32_t *data, unsigned count, float32_t low, float32_t high) {
    for (unsigned i = 0; i < count; i++) {
        data[i] = low + (high - low) * ((float32_t)(draw() >> 8) / 16777216.0f);
    }
}

static char *hexadecimal(char *place, uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        *place++ = "0123456789abcdef"[value >> shift & 15u];
    }
    return place;
}

static char *decimal(char *place, unsigned value) {
    if (value >= 10u) {
        place = decimal(place, value / 10u);
    }
    *place++ = (char)('0' + value % 10u);
    return place;
}

/* FNV-1a, 64 bits. */
static uint64_t hash(const uint8_t *data, unsigned bytes) {
    uint64_t value = 0xCBF29CE484222325u;
    for (unsigned i = 0; i < bytes; i++) {
        value = (value ^ data[i]) * 0x100000001B3u;
    }
    return value;
}

void result(const char *name, unsigned which, const void *data, unsigned bytes) {
    char line[96], *place = line;
    const uint64_t value = hash(data, bytes);
    const size_t length = strlen(name);
    memcpy(place, name, length);
    place += length;
    *place++ = ' ';
    place = decimal(place, which);
    *place++ = ' ';
    place = hexadecimal(place, (uint32_t)(value >> 32));
    place = hexadecimal(place, (uint32_t)value);
    *place++ = '\n';
    board_write(line, (int)(place - line));
#ifdef SHOW
    for (unsigned i = 0; i < bytes; i += 4) {
        uint32_t word = 0;
        memcpy(&word, (const uint8_t *)data + i, bytes - i < 4 ? bytes - i : 4);
        place = hexadecimal(line, word);
        *place++ = i % 32 == 28 || i + 4 >= bytes ? '\n' : ' ';
        board_write(line, (int)(place - line));
    }
#endif
}

void result_float(const char *name, unsigned which, const float32_t *data, unsigned count) {
    result(name, which, data, 4 * count);
}

int main(void) {
    check();
    return 0;
}
