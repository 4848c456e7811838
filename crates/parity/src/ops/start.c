/* The first of the two libraries: loaded into the command by LD_PRELOAD, and into
   whatever that starts in turn (a shell, cargo, a launcher) until one of them is the
   program, the first that has libtorch in it. There it asks which watcher fits that
   libtorch, loads it, and takes itself out of the environment: the program's own
   children are left alone.

   It knows nothing of libtorch itself, costs a process without it nothing, and is C
   without a header of anybody's. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int is_done;

/* What was preloaded before us goes on being preloaded. */
static void leave_environment(void) {
  const char *others = getenv("PARITY_WATCH_PRELOAD");
  if (others && *others) setenv("LD_PRELOAD", others, 1);
  else unsetenv("LD_PRELOAD");
  unsetenv("PARITY_WATCH_PRELOAD");
  unsetenv("PARITY_WATCH_SOCKET");
}

/* The tool says which watcher fits the libtorch in this folder; it may compile it first.
   An empty answer: there is none, and the tool tells why. Then the program ends here,
   before it has done anything for nothing. */
static void load(const char *folder) {
  const char *path = getenv("PARITY_WATCH_SOCKET");
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  char watcher[4096] = "";
  ssize_t got = 0, more;
  int talk;
  if (is_done || !path || strlen(path) >= sizeof at.sun_path) return;
  is_done = 1;
  strcpy(at.sun_path, path);
  talk = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (talk < 0 || connect(talk, (struct sockaddr *)&at, sizeof at) < 0) return;
  dprintf(talk, "%s\n", folder);
  while ((more = read(talk, watcher + got, sizeof watcher - 1 - got)) > 0) got += more;
  close(talk);
  if (!got) _exit(125);
  setenv("PARITY_WATCH_LIBTORCH", folder, 1);
  if (!dlopen(watcher, RTLD_NOW | RTLD_LOCAL)) {
    fprintf(stderr, "parity: %s\n", dlerror());
    _exit(125);
  }
  unsetenv("PARITY_WATCH_LIST");
  unsetenv("PARITY_WATCH_BOUNDS");
  leave_environment();
}

/* The folder of a file, if the file is libtorch's. Python loads torch/_C.*.so, and has
   loaded by then what that needs. */
static int is_libtorch(const char *file, char folder[4096]) {
  const char *name = strrchr(file, '/');
  size_t length = name ? (size_t)(name - file) : 0;
  if (!name || length > 4000) return 0;
  memcpy(folder, file, length), folder[length] = 0;
  if (!strncmp(name, "/libtorch_cpu.", 14) || !strncmp(name, "/libtorch.", 10)) return 1;
  if (strncmp(name, "/_C.", 4) || length < 6 || strcmp(folder + length - 6, "/torch")) return 0;
  strcat(folder, "/lib");
  return 1;
}

static int each(struct dl_phdr_info *info, size_t size, void *folder) {
  (void)size;
  return strstr(info->dlpi_name, "/libtorch_cpu.") && is_libtorch(info->dlpi_name, folder);
}

/* A program that is linked to libtorch has it mapped before it begins. */
__attribute__((constructor)) static void begin(void) {
  char folder[4096];
  if (dl_iterate_phdr(each, folder)) load(folder);
}

static __attribute__((noinline)) void look_at(const char *file) {
  char folder[4096];
  if (!is_done && file && is_libtorch(file, folder)) load(folder);
}

/* Python and the like load it later. The last line must be a jump, which -O2 makes of
   it: the real dlopen searches the folders of whoever called it, by the address that it
   will return to. */
void *dlopen(const char *file, int mode) {
  static void *(*real)(const char *, int);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "dlopen");
  look_at(file);
  return real(file, mode);
}
