/* shardfetch: fetches and verifies the shards of models. Everything is in the modules beside this
 * file; see setup.h for how settings come about and run.h for what is done with them. */
#include <string.h>

#include "cli/args.h"
#include "cli/fds.h"
#include "cli/help.h"
#include "cli/run.h"
#include "cli/say.h"
#include "cli/setup.h"
#include "download/base/mem.h"
#include "download/download.h"

static enum err tell_about(const struct options *o, struct why *why)
{
    enum { TEXT_MAX = 64 * 1024 };
    SCOPED(buf_done) struct buf b;
    buf_init(&b, TEXT_MAX);
    if (o->version) {
        struct library_versions v;
        download_versions(&v);
        help_version(&v, &b);
    } else if (o->command_given) {
        help_command(o->settings.command, &b);
    } else {
        help_program(&b);
    }
    return say_result(buf_str(&b), b.len, why);
}

int main(int argc, char **argv)
{
    if (!fds_reserve()) return err_exit_code(ERR_INTERNAL);
    fds_raise_limit();
    mem_on_failure(say_out_of_memory);
    SCOPED(options_done) struct options o;
    struct why why = {""};
    enum err e = setup(argc, argv, &o, &why);
    if (!e && !o.help && !o.version) return run(&o);
    if (!e) e = tell_about(&o, &why);
    if (e) say_failure(e, why.text);
    return err_exit_code(e);
}
