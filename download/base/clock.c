#include "download/base/clock.h"

#include <string.h>
#include <time.h>

#include "download/base/str.h"

enum { DAY_S = 86400, FIRST_YEAR = 1970, LAST_YEAR = 9999 };

static const uint64_t LAST_MS = UINT64_C(253402300799999); // 9999-12-31T23:59:59.999Z
static const char *const WEEKDAYS[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

uint64_t clock_now_ns(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

uint64_t clock_wall_ms(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_REALTIME, &t);
    if (t.tv_sec < 0) return 0;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / MILLI_NS;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned char DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month] + (month == 1 && is_leap(year) ? 1U : 0U);
}

/* Days from 1970-01-01 to the first of January of `year`. */
static uint64_t year_days(unsigned year)
{
    unsigned past = year - 1; // whole years before it, counted from year 1
    unsigned leaps = past / 4 - past / 100 + past / 400;
    enum { LEAPS_TO_1970 = 477 };
    return (uint64_t)(year - FIRST_YEAR) * 365 + leaps - LEAPS_TO_1970;
}

static void put_number(char **at, unsigned n, unsigned digits, char after)
{
    for (unsigned i = digits; i-- > 0; n /= 10)
        (*at)[i] = (char)('0' + n % 10);
    (*at)[digits] = after;
    *at += digits + 1;
}

void clock_rfc3339(uint64_t wall_ms, char ret_text[RFC3339_LEN])
{
    if (wall_ms > LAST_MS) wall_ms = LAST_MS;
    uint64_t days = wall_ms / 1000 / DAY_S;
    unsigned second = (unsigned)(wall_ms / 1000 % DAY_S);

    unsigned year = FIRST_YEAR + (unsigned)(days / 366); // at most a few years too early
    while (year_days(year + 1) <= days)
        year++;
    unsigned day = (unsigned)(days - year_days(year));
    unsigned month = 0;
    for (; day >= month_days(year, month); month++)
        day -= month_days(year, month);

    char *at = ret_text;
    put_number(&at, year, 4, '-');
    put_number(&at, month + 1, 2, '-');
    put_number(&at, day + 1, 2, 'T');
    put_number(&at, second / 3600, 2, ':');
    put_number(&at, second / 60 % 60, 2, ':');
    put_number(&at, second % 60, 2, '.');
    put_number(&at, (unsigned)(wall_ms % 1000), 3, 'Z');
    *at = '\0';
}

/* Position of the three letters at `s` in `names`; false when they are not there. Case counts. */
static bool name_index(const char *s, const char *const *names, unsigned count, unsigned *ret)
{
    for (unsigned i = 0; i < count; i++) {
        if (strncmp(s, names[i], 3) != 0) continue;
        *ret = i;
        return true;
    }
    return false;
}

static bool number_at(const char *s, size_t len, unsigned max, unsigned *ret)
{
    uint64_t n = 0;
    if (!str_u64_n(s, len, max, &n)) return false;
    *ret = (unsigned)n;
    return true;
}

bool clock_http_date(const char *s, uint64_t *ret_unix_s)
{
    static const char SHAPE[] = "www, dd mmm yyyy hh:mm:ss GMT";
    enum { LEAP_SECOND = 60, EPOCH_WEEKDAY = 4 }; // 1970-01-01 was a Thursday
    if (!s || strlen(s) != sizeof(SHAPE) - 1) return false;
    for (size_t i = 0; SHAPE[i]; i++) {
        bool literal = SHAPE[i] < 'a' || SHAPE[i] > 'z';
        if (literal && s[i] != SHAPE[i]) return false;
    }

    unsigned weekday = 0, day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
    bool known = name_index(s, WEEKDAYS, 7, &weekday) && number_at(s + 5, 2, 31, &day) &&
                 name_index(s + 8, MONTHS, 12, &month) && number_at(s + 12, 4, LAST_YEAR, &year) &&
                 number_at(s + 17, 2, 23, &hour) && number_at(s + 20, 2, 59, &minute) &&
                 number_at(s + 23, 2, LEAP_SECOND, &second);
    if (!known || year < FIRST_YEAR || day < 1 || day > month_days(year, month)) return false;

    uint64_t days = year_days(year) + day - 1;
    for (unsigned m = 0; m < month; m++)
        days += month_days(year, m);
    if ((days + EPOCH_WEEKDAY) % 7 != weekday) return false;
    *ret_unix_s = days * DAY_S + hour * UINT64_C(3600) + minute * UINT64_C(60) + second;
    return true;
}
