// A program that need not load libtorch: what runs is forked from one that has, and that
// stands before its main function. Compiled twice:
//
// With -DSERVER, a library. Preloaded into the program (LD_PRELOAD), it waits in the
// folder that FORKED names for what to run, until its standard input ends, then removes
// the folder.
//
// With -DFOLDER='"..."' -DPROGRAM='"..."', what stands for the program: it has it run there
// with its own arguments, folder, process group and environment, on its own inputs and
// outputs, and ends as that does. Where its environment says otherwise than the other's,
// so that libtorch would be another, it becomes the program.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// What goes before the arguments and the environment, each ended by a zero, with the
// inputs and outputs and the folder.
struct task {
  int args, variables, group;
  size_t size;
};
enum { FDS = 4, OTHERWISE = -1 };

static void must(int is_so, const char *what) {
  if (is_so) return;
  perror(what);
  _exit(125);
}

static void all(ssize_t (*move)(int, void *, size_t), int fd, void *bytes, size_t size) {
  for (char *at = bytes; size > 0;) {
    ssize_t moved = move(fd, at, size);
    must(moved > 0, "forked");
    at += moved;
    size -= (size_t)moved;
  }
}

static ssize_t put(int fd, void *bytes, size_t size) { return write(fd, bytes, size); }

static struct sockaddr_un address(const char *folder) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
  return address;
}

#ifdef SERVER
#include <dlfcn.h>

// Whether libtorch would start by this environment as it did by ours.
static int is_alike(char **variables) {
  static const char *decide[] = {"ATEN_", "DNNL_", "GOMP_", "KMP_", "LD_", "MKL_", "OMP_", "ONEDNN_", "TORCH_"};
  for (; *variables != NULL; variables++) {
    size_t name = strcspn(*variables, "=");
    int decides = strncmp(*variables, "TORCH_PARITY_", 13) != 0, known = 0;
    for (size_t i = 0; decides && i < sizeof decide / sizeof *decide; i++)
      known |= strncmp(*variables, decide[i], strlen(decide[i])) == 0;
    if (!known) continue;
    char **own = environ;
    while (*own != NULL && strncmp(*own, *variables, name + 1) != 0) own++;
    if (*own == NULL || strcmp(*own, *variables) != 0) return 0;
  }
  return 1;
}

// Says how the fork ended; ends it where who asked is gone.
static void wait_for(pid_t fork, int other) {
  int fd = (int)syscall(SYS_pidfd_open, fork, 0), status;
  struct pollfd either[] = {{fd, POLLIN, 0}, {other, POLLIN, 0}};
  while (poll(either, 2, -1) < 0) must(errno == EINTR, "poll");
  if (either[0].revents == 0) kill(fork, SIGKILL);
  must(waitpid(fork, &status, 0) == fork, "waitpid");
  if (either[0].revents != 0) all(put, other, &status, sizeof status);
  _exit(0);
}

// Returns in the fork that is to run, with its arguments.
static char **take(int other, int *count) {
  struct task task;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(FDS * sizeof(int))];
  } control;
  struct iovec to = {&task, sizeof task};
  struct msghdr message = {.msg_iov = &to, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  must(recvmsg(other, &message, 0) == sizeof task, "recvmsg");
  int fds[FDS];
  memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fds);
  char *text = malloc(task.size), **words = calloc((size_t)(task.args + task.variables) + 2, sizeof *words);
  must(text != NULL && words != NULL, "malloc");
  all(read, other, text, task.size);
  char **variables = words + task.args + 1;
  for (int i = 0; i < task.args + task.variables; i++, text += strlen(text) + 1) words[i < task.args ? i : i + 1] = text;
  int status = OTHERWISE;
  if (!is_alike(variables)) {
    all(put, other, &status, sizeof status);
    _exit(0);
  }
  pid_t pid = fork();
  must(pid >= 0, "fork");
  if (pid > 0) wait_for(pid, other);
  must(setpgid(0, task.group) == 0, "setpgid");
  must(fchdir(fds[3]) == 0, "fchdir");
  for (int fd = 0; fd < 3; fd++) must(dup2(fds[fd], fd) == fd, "dup2");
  for (int i = 0; i < FDS; i++) close(fds[i]);
  close(other);
  environ = variables;
  *count = task.args;
  return words;
}

// Returns in each fork.
static char **serve(const char *folder, int *count) {
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un here = address(folder);
  must(bind(listener, (struct sockaddr *)&here, sizeof here) == 0 && listen(listener, 100) == 0, folder);
  must(puts("ready") > 0 && fflush(stdout) == 0, "ready");
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    struct pollfd either[] = {{listener, POLLIN, 0}, {0, POLLIN, 0}};
    while (poll(either, 2, -1) < 0) must(errno == EINTR, "poll");
    if (either[1].revents != 0) {
      unsetenv("LD_PRELOAD");
      execlp("rm", "rm", "-r", folder, NULL);
    }
    int other = accept(listener, NULL, NULL);
    must(other >= 0, "accept");
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
      signal(SIGCHLD, SIG_DFL);
      close(listener);
      return take(other, count);
    }
    close(other);
  }
}

// What the program's first instruction calls, when its libraries are loaded.
int __libc_start_main(int (*main)(int, char **, char **), int count, char **args, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack) {
  int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
  *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
  const char *folder = getenv("FORKED");
  if (folder != NULL) args = serve(folder, &count);
  return start(main, count, args, init, fini, rtld_fini, stack);
}

#else

int main(int count, char **args) {
  struct sockaddr_un there = address(FOLDER);
  int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(connect(other, (struct sockaddr *)&there, sizeof there) == 0, FOLDER);
  args[0] = PROGRAM;
  struct task task = {.args = count, .group = getpgid(0)};
  size_t lengths = 0;
  for (int i = 0; i < count; i++) lengths += strlen(args[i]) + 1;
  for (; environ[task.variables] != NULL; task.variables++) lengths += strlen(environ[task.variables]) + 1;
  task.size = lengths;
  char *text = malloc(lengths), *at = text;
  must(text != NULL, "malloc");
  for (int i = 0; i < count; i++) at = stpcpy(at, args[i]) + 1;
  for (int i = 0; i < task.variables; i++) at = stpcpy(at, environ[i]) + 1;

  int fds[FDS] = {0, 1, 2, open(".", O_PATH | O_CLOEXEC)};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(FDS * sizeof(int))];
  } control = {.header = {.cmsg_len = CMSG_LEN(sizeof fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
  struct iovec from = {&task, sizeof task};
  struct msghdr message = {.msg_iov = &from, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  must(sendmsg(other, &message, 0) == sizeof task, "sendmsg");
  all(put, other, text, task.size);

  int status;
  all(read, other, &status, sizeof status);
  if (status == OTHERWISE) execv(PROGRAM, args);
  if (WIFSIGNALED(status)) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(WTERMSIG(status), SIG_DFL);
    kill(getpid(), WTERMSIG(status));
  }
  _exit(WEXITSTATUS(status));
}
#endif
