/* Observers of a run are tasks of it, from download_observe to download_observed. */
#include "download/download_private.h"

enum err download_observe(struct download *d, const char *name, struct observer *o, struct why *why)
{
    struct id ignored;
    struct callback *all = callback_system_register(d->spine.events, CALLBACK_EVENT);
    enum err e = callback_on_next_async(all, o, &ignored, why);
    if (!e && d->spine.tasks) {
        task_start(d->spine.tasks, &(struct task_spec){.name = name, .kind = TASK_OBSERVER});
    }
    return e;
}

void download_observed(struct download *d, const char *name, bool ended)
{
    if (!d->spine.tasks) return;
    struct id task = task_by_name(d->spine.tasks, TASK_OBSERVER, name);
    if (id_is_none(task)) return; // it was never taken
    struct why why = {""};
    enum err e = ended ? OK : fail(&why, ERR_INTERNAL, "its thread did not end");
    task_end(d->spine.tasks, task, e, &why);
}

enum err download_all_ended(const struct download *d, struct why *why)
{
    return d->spine.tasks ? tasks_all_ended(d->spine.tasks, why) : OK;
}
