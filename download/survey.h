/* survey.h - the phase before the bodies: what the source has, what of it is wanted, what is here
 * already. As few requests as possible: none when revision and listing are known and cached.
 * Control thread; turns the loop while it waits for replies. */
#ifndef SHARDFETCH_DOWNLOAD_SURVEY_H
#define SHARDFETCH_DOWNLOAD_SURVEY_H

#include <stdbool.h>

#include "download/dest.h"
#include "download/engine.h"
#include "download/plan/plan.h"
#include "download/settings.h"
#include "download/source/source.h"

struct survey {
    /* facts, borrowed */
    const struct settings *settings;
    struct engine *engine;
    const struct emitter *emitter;
    /* what it found, owned */
    struct settings own; // verify of a directory: settings with that directory as destination
    struct source_spec spec;
    struct source *source;
    struct dest *dest;
    struct listing cached; // listing kept by an earlier run; else the source's own is used
    char *commit;          // NULL: the source has none
    struct plan plan;
    bool may_be_gated; // hub: nobody said that its files are for everybody
    bool gated;        // files need an access that we do not have
};

/* The caller has filled in the facts. */
NODISCARD enum err survey_run(struct survey *s, struct why *why);
void survey_done(struct survey *s);
/* A command line's SOURCE as events show it. New string. */
char *survey_source_text(const struct survey *s);

#endif
