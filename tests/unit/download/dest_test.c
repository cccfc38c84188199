#include "download/dest.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "download/base/mem.h"
#include "download/base/str.h"
#include "tests/support/tmpdir.h"

static const char COMMIT[] = "0123456789abcdef0123456789abcdef01234567";
static const char SHA[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char GIT[] = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

struct scene {
    char *dir;
    struct settings settings;
    struct source_spec spec;
    struct dest *dest;
    struct listing listing; // "sub/deep/model.safetensors" (sha256) and "config.json" (git)
};

static struct listing_entry *add(struct listing *l, const char *path, enum digest_kind kind,
                                 const char *hex)
{
    struct listing_entry *e = listing_add(l, path);
    e->size = 5;
    e->blob_id = mem_strdup(GIT);
    cr_assert(digest_parse_hex(kind, hex, strlen(hex), &e->digest));
    return e;
}

static void scene_init(struct scene *s, bool local, const char *repo)
{
    *s = (struct scene){.dir = tmpdir_new()};
    s->settings = (struct settings){.cache_dir = s->dir, .local_dir = local ? s->dir : NULL};
    s->spec = (struct source_spec){.kind = SOURCE_HUB, .repo = mem_strdup(repo)};
    s->listing.commit = mem_strdup(COMMIT);
    add(&s->listing, "sub/deep/model.safetensors", DIGEST_SHA256, SHA);
    add(&s->listing, "config.json", DIGEST_GIT_SHA1, GIT);
    add(&s->listing, "Config.json", DIGEST_GIT_SHA1, GIT); // some file systems hold both
    struct why why = {""};
    cr_assert_eq(dest_open(&s->settings, &s->spec, false, &s->dest, &why), OK, "%s", why.text);
}

static void scene_done(struct scene *s)
{
    dest_free(s->dest);
    listing_done(&s->listing);
    source_spec_done(&s->spec);
    tmpdir_free(s->dir);
}

static struct dest_names names_of(const struct scene *s, size_t i)
{
    struct dest_names n;
    dest_names_init(s->dest, &s->listing.entries[i], COMMIT, &n);
    return n;
}

/* Part file with "bytes", published. */
static void publish(struct scene *s, const struct dest_names *n)
{
    SCOPED(fs_closep) int fd = -1;
    struct why why = {""};
    struct fs_stamp stamp;
    cr_assert_eq(dest_open_part(s->dest, n, &fd, &why), OK, "%s", why.text);
    cr_assert_eq(fs_write_at(fd, "bytes", 5, 0, "part", &why), OK);
    cr_assert_eq(dest_publish(s->dest, n, COMMIT, fd, &stamp, &why), OK, "%s", why.text);
    dest_stamp(s->dest, n, &stamp);
}

static void reopen(struct scene *s)
{
    dest_free(s->dest);
    cr_assert_eq(dest_open(&s->settings, &s->spec, false, &s->dest, NULL), OK);
}

Test(dest, the_cache_is_laid_out_as_hub_does)
{
    struct scene s;
    scene_init(&s, false, "org/name");
    struct dest_names model = names_of(&s, 0);
    struct dest_names config = names_of(&s, 1);
    publish(&s, &model);
    publish(&s, &config);

    SCOPED(mem_freep) char *blob = mem_printf("models--org--name/blobs/%s", SHA);
    cr_expect_eq(tmpdir_size(s.dir, blob), 5);
    SCOPED(mem_freep)
    char *link =
        mem_printf("%s/models--org--name/snapshots/%s/sub/deep/model.safetensors", s.dir, COMMIT);
    char target[256] = "";
    cr_assert_gt(readlink(link, target, sizeof(target) - 1), 0);
    SCOPED(mem_freep) char *want = mem_printf("../../../../blobs/%s", SHA);
    cr_expect_str_eq(target, want);
    struct stat through;
    cr_expect(stat(link, &through) == 0 && through.st_size == 5, "the link leads to the blob");

    size_t len = 0;
    SCOPED(mem_freep) char *tag = tmpdir_get(s.dir, "CACHEDIR.TAG", &len);
    cr_expect(tag && str_starts(tag, "Signature: 8a477f597d28d172789f06886806bc55\n"));
    dest_names_done(&model);
    dest_names_done(&config);
    scene_done(&s);
}

static const struct {
    const char *repo;
    enum repo_type type;
    const char *folder;
} FOLDERS[] = {
    {"org/name", REPO_MODEL, "models--org--name"},
    {"gpt2", REPO_MODEL, "models--gpt2"},
    {"org/name", REPO_DATASET, "datasets--org--name"},
    {"org/name", REPO_SPACE, "spaces--org--name"},
};

Test(dest, repos_have_the_folders_hub_gives_them)
{
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
        SCOPED(tmpdir_freep) char *dir = tmpdir_new();
        struct settings settings = {.cache_dir = dir};
        struct source_spec spec = {
            .kind = SOURCE_HUB, .repo = mem_strdup(FOLDERS[i].repo), .repo_type = FOLDERS[i].type};
        SCOPED(dest_freep) struct dest *d = NULL;
        cr_assert_eq(dest_open(&settings, &spec, false, &d, NULL), OK);
        cr_expect(tmpdir_has(dir, FOLDERS[i].folder), "%s", FOLDERS[i].folder);
        source_spec_done(&spec);
    }
}

Test(dest, a_plain_directory_gets_hubs_metadata)
{
    struct scene s;
    scene_init(&s, true, "org/name");
    struct dest_names n = names_of(&s, 0);
    publish(&s, &n);
    cr_expect_eq(tmpdir_size(s.dir, "sub/deep/model.safetensors"), 5);
    size_t len = 0;
    SCOPED(mem_freep)
    char *meta =
        tmpdir_get(s.dir, ".cache/huggingface/download/sub/deep/model.safetensors.metadata", &len);
    cr_assert_not_null(meta);
    SCOPED(mem_freep) char *want = mem_printf("%s\n%s\n", COMMIT, SHA);
    cr_expect(str_starts(meta, want), "%s", meta);
    cr_expect_eq(meta[len - 1], '\n');
    SCOPED(mem_freep) char *ignore = tmpdir_get(s.dir, ".cache/huggingface/.gitignore", &len);
    cr_expect_str_eq(ignore, "*\n");
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, files_get_the_mode_the_umask_says)
{
    umask(027);
    struct scene s;
    scene_init(&s, true, "org/name");
    struct dest_names n = names_of(&s, 1);
    int fd = -1;
    cr_assert_eq(dest_open_part(s.dest, &n, &fd, NULL), OK);
    struct stat st;
    cr_assert_eq(fstat(fd, &st), 0);
    close(fd);
    cr_expect_eq(st.st_mode & 07777, 0600, "nobody reads a partial");
    publish(&s, &n);
    SCOPED(mem_freep) char *path = mem_printf("%s/config.json", s.dir);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0640);
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, what_we_verified_is_present_until_it_changes)
{
    struct scene s;
    scene_init(&s, true, "org/name");
    struct dest_names n = names_of(&s, 1);
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_ABSENT);
    publish(&s, &n);
    reopen(&s);
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_PRESENT);
    cr_expect_eq(dest_look(s.dest, &n, 6), DEST_ABSENT, "another size is another file");
    tmpdir_put_text(s.dir, "config.json", "other");
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_UNVERIFIED, "its time or inode tells");
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, a_file_of_another_tool_is_not_believed)
{
    struct scene s;
    scene_init(&s, true, "org/name");
    tmpdir_put_text(s.dir, "config.json", "bytes");
    struct dest_names n = names_of(&s, 1);
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_UNVERIFIED);
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, a_blob_without_this_revisions_link_is_only_linked)
{
    struct scene s;
    scene_init(&s, false, "org/name");
    struct dest_names n = names_of(&s, 0);
    publish(&s, &n);
    reopen(&s);
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_PRESENT);
    SCOPED(mem_freep) char *link = mem_printf("%s/%s", s.dir, n.link_rel);
    cr_assert_eq(unlink(link), 0);
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_UNLINKED);
    cr_expect_eq(dest_link(s.dest, &n, NULL), OK);
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_PRESENT);
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, a_link_that_leads_elsewhere_is_put_right)
{
    struct scene s;
    scene_init(&s, false, "org/name");
    struct dest_names n = names_of(&s, 0);
    publish(&s, &n);
    reopen(&s);
    SCOPED(mem_freep) char *link = mem_printf("%s/%s", s.dir, n.link_rel);
    cr_assert(unlink(link) == 0 && symlink("/etc/passwd", link) == 0);
    cr_expect_eq(dest_look(s.dest, &n, 5), DEST_UNLINKED);
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, without_symlinks_files_are_in_the_snapshot_itself)
{
    struct scene s;
    scene_init(&s, false, "org/name");
    s.settings.no_symlinks = true;
    reopen(&s);
    struct dest_names n = names_of(&s, 0);
    publish(&s, &n);
    SCOPED(mem_freep)
    char *rel = mem_printf("models--org--name/snapshots/%s/sub/deep/model.safetensors", COMMIT);
    cr_expect_eq(tmpdir_size(s.dir, rel), 5);
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, two_processes_do_not_write_one_partial)
{
    struct scene s;
    scene_init(&s, true, "org/name");
    struct dest_names n = names_of(&s, 0);
    SCOPED(fs_closep) int mine = -1;
    SCOPED(fs_closep) int other = -1;
    struct why why = {""};
    cr_expect_eq(dest_open_part(s.dest, &n, &mine, &why), OK);
    cr_expect_eq(dest_open_part(s.dest, &n, &other, &why), ERR_BUSY);
    cr_expect(strstr(why.text, "another process"));
    dest_names_done(&n);
    scene_done(&s);
}

Test(dest, partials_are_told_apart_by_content_not_by_place)
{
    struct scene s;
    scene_init(&s, true, "org/name");
    struct dest_names a = names_of(&s, 0);
    s.listing.entries[0].digest.bytes[0] ^= 1;
    struct dest_names b = names_of(&s, 0);
    cr_expect_str_neq(a.part_rel, b.part_rel, "another version is another partial");
    s.listing.entries[0].digest.bytes[0] ^= 1;
    s.listing.entries[0].url = mem_strdup("https://mirror.example/x");
    struct dest_names c = names_of(&s, 0);
    cr_expect_str_eq(a.part_rel, c.part_rel, "any origin may finish it");
    dest_names_done(&a);
    dest_names_done(&b);
    dest_names_done(&c);
    scene_done(&s);
}

Test(dest, listings_are_kept_and_found)
{
    struct scene s;
    scene_init(&s, false, "org/name");
    struct listing back = {0};
    cr_expect_eq(dest_load_tree(s.dest, COMMIT, &back, NULL), ERR_NOT_FOUND);
    cr_assert_eq(dest_save_tree(s.dest, &s.listing, NULL), OK);
    cr_assert_eq(dest_load_tree(s.dest, COMMIT, &back, NULL), OK);
    cr_assert_eq(back.count, 3);
    for (size_t i = 0; i < back.count; i++) {
        cr_expect_str_eq(back.entries[i].path, s.listing.entries[i].path);
        cr_expect_eq(back.entries[i].size, 5);
        cr_expect(digest_equal(&back.entries[i].digest, &s.listing.entries[i].digest));
    }
    SCOPED(mem_freep) char *newest = NULL;
    cr_expect_eq(dest_newest_tree(s.dest, &newest, NULL), OK);
    cr_expect_str_eq(newest, COMMIT);
    listing_done(&back);
    scene_done(&s);
}

static const char *const DAMAGED[] = {
    "",
    "{",
    "[]",
    "{\"format_version\":2,\"files\":{}}",
    "{\"format_version\":1}",
    "{\"format_version\":1,\"files\":{\"a\":{\"size\":1}}}",
    "{\"format_version\":1,\"files\":{\"a\":{\"size\":-1,\"blob_id\":\"x\"}}}",
    "{\"format_version\":1,\"files\":{\"a\":{\"size\":1,\"blob_id\":\"xyz\"}}}",
};

Test(dest, a_damaged_listing_is_as_good_as_none)
{
    struct scene s;
    scene_init(&s, false, "org/name");
    SCOPED(mem_freep) char *rel = mem_printf("models--org--name/trees/%s.json", COMMIT);
    for (size_t i = 0; i < ARRAY_LEN(DAMAGED); i++) {
        tmpdir_put_text(s.dir, rel, DAMAGED[i]);
        struct listing back = {0};
        cr_expect_eq(dest_load_tree(s.dest, COMMIT, &back, NULL), ERR_NOT_FOUND, "%s", DAMAGED[i]);
        cr_expect_eq(back.count, 0);
    }
    scene_done(&s);
}

Test(dest, refs_are_kept_for_names_not_for_commits)
{
    struct scene s;
    scene_init(&s, false, "org/name");
    SCOPED(mem_freep) char *commit = NULL;
    cr_expect_eq(dest_load_ref(s.dest, "main", &commit, NULL), ERR_NOT_FOUND);
    cr_expect_eq(dest_save_ref(s.dest, "refs/pr/1", COMMIT, NULL), OK);
    cr_expect_eq(dest_load_ref(s.dest, "refs/pr/1", &commit, NULL), OK);
    cr_expect_str_eq(commit, COMMIT);
    cr_expect(tmpdir_has(s.dir, "models--org--name/refs/refs/pr/1"));
    cr_expect_eq(dest_save_ref(s.dest, COMMIT, COMMIT, NULL), OK);
    SCOPED(mem_freep) char *rel = mem_printf("models--org--name/refs/%s", COMMIT);
    cr_expect_not(tmpdir_has(s.dir, rel));
    scene_done(&s);
}

Test(dest, nothing_is_made_by_looking)
{
    SCOPED(tmpdir_freep) char *dir = tmpdir_new();
    SCOPED(mem_freep) char *absent = mem_printf("%s/not/yet", dir);
    struct settings settings = {.cache_dir = absent};
    struct source_spec spec = {.kind = SOURCE_HUB, .repo = mem_strdup("org/name")};
    SCOPED(dest_freep) struct dest *d = NULL;
    cr_assert_eq(dest_open(&settings, &spec, true, &d, NULL), OK);
    struct listing l = {0};
    add(&l, "config.json", DIGEST_GIT_SHA1, GIT);
    struct dest_names n;
    dest_names_init(d, &l.entries[0], COMMIT, &n);
    cr_expect_eq(dest_look(d, &n, 5), DEST_ABSENT);
    cr_expect_not(dest_has_partial(d, &n));
    cr_expect_not(dest_was_published(d, &n));
    uint64_t free_bytes = 0;
    uint64_t total = 0;
    cr_expect_eq(dest_space(d, &free_bytes, &total, NULL), OK);
    cr_expect_gt(total, 0, "of the file system it would be on");
    cr_expect_not(tmpdir_has(dir, "not"));
    dest_names_done(&n);
    listing_done(&l);
    source_spec_done(&spec);
}
