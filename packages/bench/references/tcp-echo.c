// The limit: an echo of bytes without WebSocket, one thread, epoll. Prints its port when it listens.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 256 * 1024 };
// What a socket could not take yet; reading from it waits until it is gone.
struct peer { int fd, stalled; size_t from, to; char bytes[ROOM]; };

static void watch(int epoll, struct peer *peer, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = peer};
  epoll_ctl(epoll, operation, peer->fd, &event);
}

// Writes what waits. 1: all of it, 0: the kernel is full, -1: the peer is gone.
static int flush(struct peer *peer) {
  while (peer->from < peer->to) {
    ssize_t sent = send(peer->fd, peer->bytes + peer->from, peer->to - peer->from, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? 0 : -1;
    peer->from += (size_t)sent;
  }
  peer->from = peer->to = 0;
  return 1;
}

static void serve(int epoll, struct peer *peer) {
  int flushed = flush(peer);
  ssize_t got = 1;
  while (flushed == 1 && (got = recv(peer->fd, peer->bytes, ROOM, 0)) > 0) {
    peer->to = (size_t)got;
    flushed = flush(peer);
    if (flushed == 1 && got < ROOM) break;
  }
  if (flushed < 0 || got == 0 || (got < 0 && errno != EAGAIN)) {
    close(peer->fd);
    free(peer);
    return;
  }
  if (peer->stalled == !flushed) return;
  peer->stalled = !flushed;
  watch(epoll, peer, EPOLL_CTL_MOD, flushed ? EPOLLIN : EPOLLOUT);
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
