// The least that reads one file through libnfs with several contexts, each with several requests in flight:
// what backend nfs is compared with. Prints the seconds that the reading took and its CPU seconds.
//
// usage: nfs_reader SERVER EXPORT FILE NFSPORT CONTEXTS IN_FLIGHT
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// Takes struct timeval for granted.
#include <nfsc/libnfs.h>

enum { REQUEST_BYTES = 1 << 20, IN_FLIGHT_MAX = 64 };

struct reader;

struct slot {
  struct reader* reader;
  char* buffer;  // Recycled, as a load's buffers are.
  size_t length;
};

struct reader {
  struct nfs_context* nfs;
  struct nfsfh* file;
  uint64_t next, end;
  int live, failed;
  struct slot slots[IN_FLIGHT_MAX];
};

static void answered(int status, struct nfs_context* nfs, void* data, void* self);

static void issue(struct slot* slot) {
  struct reader* reader = slot->reader;
  if (reader->next == reader->end) return;
  const uint64_t rest = reader->end - reader->next;
  slot->length = rest < REQUEST_BYTES ? rest : REQUEST_BYTES;
  if (nfs_pread_async(reader->nfs, reader->file, reader->next, slot->length, answered, slot) != 0) {
    reader->failed = 1;
    return;
  }
  reader->next += slot->length;
  ++reader->live;
}

static void answered(int status, struct nfs_context* nfs, void* data, void* self) {
  struct slot* slot = self;
  (void)nfs;
  --slot->reader->live;
  if (status < 0 || (size_t)status != slot->length) {
    slot->reader->failed = 1;
    return;
  }
  memcpy(slot->buffer, data, slot->length);
  issue(slot);
}

static void* run(void* self) {
  struct reader* reader = self;
  while (reader->live > 0 && !reader->failed) {
    struct pollfd polled = {nfs_get_fd(reader->nfs), (short)nfs_which_events(reader->nfs), 0};
    if (poll(&polled, 1, 10000) <= 0 || nfs_service(reader->nfs, polled.revents) != 0) reader->failed = 1;
  }
  return NULL;
}

static int prepare(struct reader* reader, int index, char** arguments, int in_flight) {
  char text[128];
  reader->nfs = nfs_init_context();
  snprintf(text, sizeof text, "nfs://server/?version=4&nfsport=%s", arguments[4]);
  nfs_destroy_url(nfs_parse_url_incomplete(reader->nfs, text));
  snprintf(text, sizeof text, "nfs-reader-%d-%d-%ld", getpid(), index, (long)time(NULL));
  nfs4_set_client_name(reader->nfs, text);
  if (nfs_mount(reader->nfs, arguments[1], arguments[2]) != 0 ||
      nfs_open(reader->nfs, arguments[3], O_RDONLY, &reader->file) != 0) {
    fprintf(stderr, "nfs_reader: %s\n", nfs_get_error(reader->nfs));
    return 1;
  }
  for (int i = 0; i < in_flight; ++i) {
    reader->slots[i].reader = reader;
    if (posix_memalign((void**)&reader->slots[i].buffer, 4096, REQUEST_BYTES) != 0) return 1;
    memset(reader->slots[i].buffer, 1, REQUEST_BYTES);
  }
  return 0;
}

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int count, char** arguments) {
  if (count != 7) return 2;
  const int contexts = atoi(arguments[5]);
  const int in_flight = atoi(arguments[6]);
  if (contexts < 1 || contexts > 64 || in_flight < 1 || in_flight > IN_FLIGHT_MAX) return 2;
  struct reader* readers = calloc((size_t)contexts, sizeof *readers);
  pthread_t threads[64];
  for (int i = 0; i < contexts; ++i) {
    if (prepare(&readers[i], i, arguments, in_flight) != 0) return 1;
  }
  struct nfs_stat_64 about;
  if (nfs_fstat64(readers[0].nfs, readers[0].file, &about) != 0) return 1;
  struct rusage before;
  struct rusage after;
  struct timespec began;
  struct timespec ended;
  getrusage(RUSAGE_SELF, &before);
  clock_gettime(CLOCK_MONOTONIC, &began);
  for (int i = 0; i < contexts; ++i) {
    readers[i].next = about.nfs_size / (uint64_t)contexts * (uint64_t)i;
    readers[i].end =
        i == contexts - 1 ? about.nfs_size : about.nfs_size / (uint64_t)contexts * (uint64_t)(i + 1);
    for (int slot = 0; slot < in_flight; ++slot) issue(&readers[i].slots[slot]);
    pthread_create(&threads[i], NULL, run, &readers[i]);
  }
  int failed = 0;
  for (int i = 0; i < contexts; ++i) {
    pthread_join(threads[i], NULL);
    failed |= readers[i].failed;
  }
  clock_gettime(CLOCK_MONOTONIC, &ended);
  getrusage(RUSAGE_SELF, &after);
  printf("%.6f %.6f\n", (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9,
         seconds_of(after.ru_utime) - seconds_of(before.ru_utime) + seconds_of(after.ru_stime) -
             seconds_of(before.ru_stime));
  return failed;
}
