// The load generator's measure: the same closed loop in C, one thread, epoll. It counts bytes and looks at none.
// generator <port> <path, or - for TCP> <connections> <depth> <size> <warmup ms> <measure ms>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 64 * 1024, READ = 256 * 1024 };
struct link { int fd; size_t owed, sent, received; };

static char *cycle, bytes[READ];
static size_t cycleBytes, frameBytes, echoBytes;
static long long messages;

static double milliseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void fail(const char *what) { perror(what); exit(1); }

// A masked text frame, as often as a write holds it: RFC 6455 §5.2.
static void prepare(size_t size, int webSocket) {
  size_t extra = size < 126 ? 0 : size < 65536 ? 2 : 8, head = 2 + extra + 4;
  const unsigned char key[4] = {1, 2, 3, 4};
  frameBytes = head + size;
  echoBytes = webSocket ? 2 + extra + size : frameBytes;
  size_t count = WRITE / frameBytes ? WRITE / frameBytes : 1;
  cycleBytes = count * frameBytes;
  cycle = malloc(cycleBytes);
  cycle[0] = (char)0x81;
  cycle[1] = (char)(0x80 | (extra == 0 ? size : extra == 2 ? 126 : 127));
  for (size_t at = 0; at < extra; at++) cycle[2 + at] = (char)(size >> (8 * (extra - 1 - at)));
  memcpy(cycle + 2 + extra, key, 4);
  for (size_t at = 0; at < size; at++) cycle[head + at] = (char)((97 + at * 7 % 26) ^ key[at & 3]);
  for (size_t copy = 1; copy < count; copy++) memcpy(cycle + copy * frameBytes, cycle, frameBytes);
}

static int dial(int port, const char *path, int webSocket) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (webSocket) {
    int length = snprintf(bytes, READ, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, port);
    if (send(fd, bytes, (size_t)length, MSG_NOSIGNAL) != length) fail("handshake");
    for (size_t got = 0; !memmem(bytes, got, "\r\n\r\n", 4);) {
      ssize_t more = recv(fd, bytes + got, READ - got, 0);
      if (more <= 0) fail("handshake");
      got += (size_t)more;
    }
    if (strncmp(bytes, "HTTP/1.1 101", 12)) fail("handshake");
  }
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static void flush(struct link *link) {
  while (link->owed > 0) {
    size_t from = link->sent % cycleBytes, room = cycleBytes - from;
    ssize_t sent = send(link->fd, cycle + from, link->owed < room ? link->owed : room, MSG_NOSIGNAL);
    if (sent < 0) { if (errno == EAGAIN) return; fail("send"); }
    link->owed -= (size_t)sent;
    link->sent += (size_t)sent;
  }
}

static void take(struct link *link) {
  ssize_t got;
  while ((got = recv(link->fd, bytes, READ, 0)) > 0) {
    size_t before = link->received / echoBytes, came;
    link->received += (size_t)got;
    came = link->received / echoBytes - before;
    messages += (long long)came;
    link->owed += came * frameBytes;
    if (got < READ) break;
  }
  if (got == 0 || (got < 0 && errno != EAGAIN)) fail("recv");
  flush(link);
}

// Lets so much time pass, in ms; answers and what follows them are its events.
static void pass(int epoll, double ms) {
  struct epoll_event events[256];
  for (double end = milliseconds(CLOCK_MONOTONIC) + ms; milliseconds(CLOCK_MONOTONIC) < end;) {
    int count = epoll_wait(epoll, events, 256, 10);
    for (int index = 0; index < count; index++) take(events[index].data.ptr);
  }
}

int main(int argc, char **argv) {
  if (argc != 8) return fprintf(stderr, "see the head of generator.c\n"), 2;
  int webSocket = strcmp(argv[2], "-") != 0, count = atoi(argv[3]), epoll = epoll_create1(0);
  prepare((size_t)atol(argv[5]), webSocket);
  for (int index = 0; index < count; index++) {
    struct link *link = calloc(1, sizeof *link);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = link};
    *link = (struct link){.fd = dial(atoi(argv[1]), argv[2], webSocket), .owed = frameBytes * (size_t)atol(argv[4])};
    epoll_ctl(epoll, EPOLL_CTL_ADD, link->fd, &event);
    flush(link);
  }
  pass(epoll, atof(argv[6]));
  long long before = messages;
  double at = milliseconds(CLOCK_MONOTONIC), busy = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
  pass(epoll, atof(argv[7]));
  double ms = milliseconds(CLOCK_MONOTONIC) - at;
  printf("{\"count\":%lld,\"ms\":%.3f,\"generatorBusy\":%.4f}\n", messages - before, ms,
    (milliseconds(CLOCK_PROCESS_CPUTIME_ID) - busy) / ms);
}
