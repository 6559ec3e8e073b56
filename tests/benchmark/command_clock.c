// command_clock FILE PROGRAM [ARGUMENT...]: writes the time of CLOCK_MONOTONIC at its own first instruction
// to FILE, as a line, then becomes PROGRAM.
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (argc < 3) return 2;
  FILE* file = fopen(argv[1], "a");
  if (file == NULL) return 1;
  fprintf(file, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
  fclose(file);
  execv(argv[2], argv + 2);
  return 127;
}
