// The limit: an echo of bytes without WebSocket, one thread, epoll. Prints its port when it listens.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 256 * 1024 };
static char bytes[ROOM];
// What a socket could not take yet, if anything; reading from it waits until that is gone.
struct peer { int fd; char *rest; size_t from, to; };

static void watch(int epoll, struct peer *peer, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = peer};
  epoll_ctl(epoll, operation, peer->fd, &event);
}

// How much the kernel took; -1: the peer is gone.
static ssize_t give(int fd, const char *from, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t sent = send(fd, from + done, size - done, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? (ssize_t)done : -1;
    done += (size_t)sent;
  }
  return (ssize_t)done;
}

// Writes what waits. 1: all of it, 0: the kernel is full, -1: the peer is gone.
static int flush(struct peer *peer) {
  ssize_t sent = give(peer->fd, peer->rest + peer->from, peer->to - peer->from);
  if (sent < 0) return -1;
  peer->from += (size_t)sent;
  if (peer->from < peer->to) return 0;
  free(peer->rest);
  peer->rest = NULL;
  return 1;
}

static void keep(struct peer *peer, const char *from, size_t size) {
  peer->rest = memcpy(malloc(size), from, size);
  peer->from = 0;
  peer->to = size;
}

// 1: it may be read again, 0: the kernel is full, -1: the peer is gone.
static int echo(struct peer *peer) {
  ssize_t got;
  while ((got = recv(peer->fd, bytes, ROOM, 0)) > 0) {
    ssize_t sent = give(peer->fd, bytes, (size_t)got);
    if (sent < 0) return -1;
    if (sent < got) return keep(peer, bytes + sent, (size_t)(got - sent)), 0;
    if (got < ROOM) return 1;
  }
  return got < 0 && errno == EAGAIN ? 1 : -1;
}

static void serve(int epoll, struct peer *peer) {
  int stalled = peer->rest != NULL, open = stalled ? flush(peer) : 1;
  if (open == 1) open = echo(peer);
  if (open < 0) {
    close(peer->fd);
    free(peer->rest);
    free(peer);
  } else if (stalled == open) watch(epoll, peer, EPOLL_CTL_MOD, open ? EPOLLIN : EPOLLOUT);
}

int main(void) {
  int one = 1, epoll = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(getenv("PORT") ?: "0"))};
  struct epoll_event events[256];
  socklen_t size = sizeof at;
  inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 4096)) return perror("tcp-echo"), 1;
  getsockname(listener, (struct sockaddr *)&at, &size);
  struct peer self = {.fd = listener};
  watch(epoll, &self, EPOLL_CTL_ADD, EPOLLIN);
  printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(epoll, events, 256, -1);
    for (int index = 0; index < count; index++) {
      struct peer *peer = events[index].data.ptr;
      if (peer != &self) { serve(epoll, peer); continue; }
      for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct peer *fresh = calloc(1, sizeof *fresh);
        fresh->fd = fd;
        watch(epoll, fresh, EPOLL_CTL_ADD, EPOLLIN);
      }
    }
  }
}
