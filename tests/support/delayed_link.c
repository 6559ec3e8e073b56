// A link between two network namespaces with a delay each way and, if told, a rate: for paths on which round
// trips count.
//
//   delayed_link NAMESPACE NAMESPACE DEVICE DELAY_US [MBIT_PER_S]
//
// A namespace is a path to open, as /proc/PID/fd/N. A TUN device of the name appears in both; who started
// this gives them addresses once it printed "up". They are gone when it ends, by SIGINT, SIGTERM or with
// whoever started it. The packets are real, so slow start and windows are too; with segmentation offload each
// may hold up to 64 KiB. For kernels without netem.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { kPackets = 16384, kPacketBytes = 65536 + 64, kBatch = 32, kSegmentBytes = 1448, kHeaderBytes = 66 };
static const int64_t kSecondNs = 1000000000;
// What waits for the rate longer than this is dropped, as a router with a full queue does.
static const int64_t kQueueNs = 200000000;

struct packet {
  int64_t due_ns;
  size_t length;
  char* bytes;
};

// What travels in one direction, oldest first. `first` and `last` count up for ever.
struct direction {
  struct packet packets[kPackets];
  unsigned first, last;
  int64_t free_at_ns;
  uint64_t count, bytes, dropped;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
  (void)number;
  stopped = 1;
}

static void fail(const char* what) {
  fprintf(stderr, "delayed_link: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kSecondNs + time.tv_nsec;
}

// A TUN device of that namespace; this thread stays in it.
static int device_in(const char* namespace_path, const char* name) {
  const int entered = open(namespace_path, O_RDONLY | O_CLOEXEC);
  if (entered < 0 || setns(entered, CLONE_NEWNET) != 0) fail(namespace_path);
  close(entered);
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("/dev/net/tun");
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (ioctl(device, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  if (ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) != 0) fail("TUNSETOFFLOAD");
  return device;
}

// Writes what is due; returns when the next packet is, INT64_MAX if none waits.
static int64_t deliver_due(struct direction* way, int device) {
  const int64_t now = now_ns();
  for (; way->first != way->last; ++way->first) {
    struct packet* packet = &way->packets[way->first % kPackets];
    if (packet->due_ns > now) return packet->due_ns;
    // Tried again a millisecond later; any other error is the receiver's loss.
    if (write(device, packet->bytes, packet->length) < 0 && errno == EAGAIN) return now + kSecondNs / 1000;
    free(packet->bytes);
  }
  return INT64_MAX;
}

// How long the packet takes on the wire, with the headers of each of its segments.
static int64_t wire_ns(size_t length, int64_t mbit_per_s) {
  if (mbit_per_s == 0) return 0;
  const int64_t bytes = (int64_t)(length + (length / kSegmentBytes + 1) * kHeaderBytes);
  return bytes * 8000 / mbit_per_s;
}

static void queue(struct direction* way, const char* bytes, size_t length, int64_t delay_ns,
                  int64_t mbit_per_s) {
  const int64_t now = now_ns();
  const int64_t begins_ns = way->free_at_ns > now ? way->free_at_ns : now;
  char* copy = way->last - way->first < kPackets && begins_ns - now <= kQueueNs ? malloc(length) : NULL;
  if (copy == NULL) {
    ++way->dropped;
    return;
  }
  memcpy(copy, bytes, length);
  way->free_at_ns = begins_ns + wire_ns(length, mbit_per_s);
  way->packets[way->last++ % kPackets] =
      (struct packet){.due_ns = way->free_at_ns + delay_ns, .length = length, .bytes = copy};
  ++way->count;
  way->bytes += length;
}

// Takes up to a batch of packets; says whether there was any.
static int take(struct direction* way, int device, int64_t delay_ns, int64_t mbit_per_s) {
  static char buffer[kPacketBytes];
  for (int taken = 0; taken < kBatch; ++taken) {
    const ssize_t length = read(device, buffer, sizeof buffer);
    if (length <= 0) return taken > 0;
    queue(way, buffer, (size_t)length, delay_ns, mbit_per_s);
  }
  return 1;
}

static void wait_until(int64_t next_ns, const int devices[2]) {
  int64_t wait_ns = next_ns == INT64_MAX ? kSecondNs / 10 : next_ns - now_ns();
  if (wait_ns <= 0) return;
  struct pollfd polled[2] = {{.fd = devices[0], .events = POLLIN}, {.fd = devices[1], .events = POLLIN}};
  const struct timespec timeout = {.tv_sec = wait_ns / kSecondNs, .tv_nsec = wait_ns % kSecondNs};
  ppoll(polled, 2, &timeout, NULL);
}

int main(int count, char** arguments) {
  if (count < 5 || count > 6) {
    fprintf(stderr, "usage: delayed_link NAMESPACE NAMESPACE DEVICE DELAY_US [MBIT_PER_S]\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A microsecond late at most, instead of the fifty that are the default.
  prctl(PR_SET_TIMERSLACK, 1000UL);
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  const int64_t delay_ns = atoll(arguments[4]) * 1000;
  const int64_t mbit_per_s = count > 5 ? atoll(arguments[5]) : 0;
  const int devices[2] = {device_in(arguments[1], arguments[3]), device_in(arguments[2], arguments[3])};
  struct direction* ways = calloc(2, sizeof *ways);
  if (ways == NULL) fail("memory");
  puts("up");
  fflush(stdout);

  while (!stopped) {
    int64_t next_ns = INT64_MAX;
    int any = 0;
    for (int from = 0; from < 2; ++from) {
      const int64_t due_ns = deliver_due(&ways[from], devices[!from]);
      if (due_ns < next_ns) next_ns = due_ns;
    }
    for (int from = 0; from < 2; ++from) any |= take(&ways[from], devices[from], delay_ns, mbit_per_s);
    if (!any) wait_until(next_ns, devices);
  }
  for (int from = 0; from < 2; ++from) {
    fprintf(stderr, "from %s: %" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " dropped\n",
            arguments[1 + from], ways[from].count, ways[from].bytes, ways[from].dropped);
  }
  return 0;
}
