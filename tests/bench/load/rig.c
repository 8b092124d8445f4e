/*
 * Both ends of the load test: an upstream that streams chat completions, and a client that reads them.
 * One thread and epoll each, so that neither is what is measured.
 *
 *   rig upstream PORT INTERVAL_MICROSECONDS TOKENS
 *   rig streams PORT PATH MODEL CONNECTIONS RAMP_PER_SECOND SECONDS
 *   rig requests PORT PATH MODEL CONNECTIONS SECONDS UNIQUE
 *
 * The client prints one line of JSON. Each token holds the moment it was written (CLOCK_MONOTONIC) and
 * its number, so that delay, loss, repetition and order show. With RIG_SAME=1 all streams ask the same,
 * so that they may share one answer; RIG_HEADERS are further header lines.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, BUFFER = 65536, WHEEL = 32768, HEAD = 16384, CARRY = 64 };

static int poller;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int fd, void *owner, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = owner};
  if (epoll_ctl(poller, operation, fd, &event) < 0) fail("epoll_ctl");
}

static void raise_descriptors(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_socket(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int one = 1;
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/* ---- upstream ---- */

struct answer {
  int fd, tokens, due;
  size_t head;
  char request[HEAD];
  struct answer *next, *previous;
  int scheduled, gone;
};

static struct answer *wheel[WHEEL];
static uint64_t interval_ns;
static int token_count;
static uint64_t wheel_at;

static void unschedule(struct answer *a) {
  if (!a->scheduled) return;
  if (a->previous) a->previous->next = a->next;
  else wheel[a->due] = a->next;
  if (a->next) a->next->previous = a->previous;
  a->scheduled = 0;
}

static void schedule(struct answer *a, uint64_t at_ms) {
  a->due = (int)(at_ms % WHEEL);
  a->previous = NULL;
  a->next = wheel[a->due];
  if (a->next) a->next->previous = a;
  wheel[a->due] = a;
  a->scheduled = 1;
}

static void close_answer(struct answer *a) {
  unschedule(a);
  close(a->fd);
  a->gone = 1;
}

static int put(struct answer *a, const char *text, size_t length) {
  while (length > 0) {
    ssize_t sent = send(a->fd, text, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      usleep(50);
      continue;
    }
    if (sent <= 0) return -1;
    text += sent;
    length -= (size_t)sent;
  }
  return 0;
}

static int put_chunk(struct answer *a, const char *data) {
  char out[1024];
  size_t length = strlen(data) + strlen("data: \n\n");
  int size = snprintf(out, sizeof out, "%zx\r\ndata: %s\n\n\r\n", length, data);
  return put(a, out, (size_t)size);
}

#define CHUNK "{\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"m1\",\"system_fingerprint\":\"fp_load\","

/* Writes the next token of an answer, or its end. */
static void step(struct answer *a, uint64_t at_ms) {
  char data[512];
  if (a->tokens < token_count) {
    snprintf(data, sizeof data,
             CHUNK "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"t%llu-%d \"},\"logprobs\":null,\"finish_reason\":null}]}",
             (unsigned long long)now_ns(), a->tokens);
    a->tokens += 1;
    if (put_chunk(a, data) < 0) return close_answer(a);
    schedule(a, at_ms + interval_ns / 1000000u);
    return;
  }
  snprintf(data, sizeof data,
           CHUNK "\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":%d,\"total_tokens\":%d}}",
           token_count, token_count + 9);
  if (put_chunk(a, CHUNK "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}") < 0 ||
      put_chunk(a, data) < 0 || put_chunk(a, "[DONE]") < 0 || put(a, "0\r\n\r\n", 5) < 0)
    close_answer(a);
}

static void reply(struct answer *a, const char *body) {
  char out[2048];
  int size = snprintf(out, sizeof out,
                      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                      strlen(body), body);
  if (put(a, out, (size_t)size) < 0) close_answer(a);
}

static void take_request(struct answer *a, const char *body) {
  if (strncmp(a->request, "GET", 3) == 0) {
    reply(a, "{\"object\":\"list\",\"data\":[{\"id\":\"m1\",\"object\":\"model\",\"created\":1,\"owned_by\":\"load\"}]}");
    return;
  }
  if (!strstr(body, "\"stream\":true") && !strstr(body, "\"stream\": true")) {
    reply(a, "{\"id\":\"chatcmpl-load\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"m1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"The river is high.\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5,\"total_tokens\":14}}");
    return;
  }
  const char *head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
  if (put(a, head, strlen(head)) < 0) return close_answer(a);
  a->tokens = 0;
  unschedule(a);
  /* A short answer is there at once, as from a cache of the provider. */
  if (interval_ns == 0) {
    while (!a->gone && a->tokens < token_count) {
      step(a, 0);
      unschedule(a);
    }
    if (!a->gone) step(a, 0);
    return;
  }
  step(a, now_ns() / 1000000u);
}

/* Takes whole requests out of what has come. */
static void read_requests(struct answer *a) {
  for (;;) {
    ssize_t got = recv(a->fd, a->request + a->head, HEAD - 1 - a->head, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close_answer(a);
    a->head += (size_t)got;
    for (;;) {
      a->request[a->head] = 0;
      char *end = strstr(a->request, "\r\n\r\n");
      if (!end) break;
      char *field = strcasestr(a->request, "\r\ncontent-length:");
      size_t length = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
      size_t whole = (size_t)(end + 4 - a->request) + length;
      if (whole > HEAD - 1) return close_answer(a);
      if (a->head < whole) break;
      take_request(a, end + 4);
      if (a->gone) return;
      memmove(a->request, a->request + whole, a->head - whole);
      a->head -= whole;
    }
  }
}

static void run_upstream(int port, uint64_t interval_us, int tokens) {
  interval_ns = interval_us * 1000u;
  token_count = tokens;
  int listener = open_socket(), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16384) < 0) fail("listen");
  socklen_t size = sizeof address;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  watch(listener, NULL, EPOLLIN, EPOLL_CTL_ADD);
  wheel_at = now_ns() / 1000000u;
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(poller, events, EVENTS, 1);
    for (int i = 0; i < count; i++) {
      struct answer *a = events[i].data.ptr;
      if (a) {
        if (!a->gone) read_requests(a);
        if (a->gone) free(a);
        continue;
      }
      int fd;
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct answer *fresh = calloc(1, sizeof *fresh);
        fresh->fd = fd;
        watch(fd, fresh, EPOLLIN, EPOLL_CTL_ADD);
      }
    }
    uint64_t at = now_ns() / 1000000u;
    for (; wheel_at <= at; wheel_at++) {
      struct answer *due = wheel[wheel_at % WHEEL];
      wheel[wheel_at % WHEEL] = NULL;
      while (due) {
        struct answer *next = due->next;
        due->scheduled = 0;
        step(due, wheel_at);
        if (due->gone) free(due);
        due = next;
      }
    }
  }
}

/* ---- client ---- */

struct reader {
  int fd, status, next_token, carry_length, done;
  uint64_t asked_at, first_at;
  long expected, got, body_at;
  char carry[CARRY];
  char *head;
  int head_length;
  char tail[8];
};

enum { BUCKETS = 200000, BUCKET_NS = 50000 };
static uint32_t delays[BUCKETS], firsts[BUCKETS];
static long chunks, errors, dropped, disordered, finished, started;
static uint64_t measure_from;
static int is_measuring;
static char path[512], model[128];
static int server_port;
static char first_error[300];

static void note_error(const char *format, ...) {
  if (first_error[0]) return;
  va_list list;
  va_start(list, format);
  vsnprintf(first_error, sizeof first_error, format, list);
  va_end(list);
  for (char *c = first_error; *c; c++) if (*c < 32 || *c == '"' || *c == '\\' || *c > 126) *c = ' ';
}

static void record(uint32_t *histogram, uint64_t ns) {
  uint64_t bucket = ns / BUCKET_NS;
  histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static double quantile(const uint32_t *histogram, double q) {
  uint64_t total = 0, sum = 0;
  for (int i = 0; i < BUCKETS; i++) total += histogram[i];
  if (total == 0) return -1;
  for (int i = 0; i < BUCKETS; i++) {
    sum += histogram[i];
    if ((double)sum >= q * (double)total) return (i + 0.5) * BUCKET_NS / 1e6;
  }
  return -1;
}

static int connect_server(void) {
  int fd = open_socket();
  if (fd < 0) return -1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

static int is_cached;

static int ask(struct reader *r, int is_stream, long unique) {
  char body[512], out[2048];
  snprintf(body, sizeof body,
           "{\"model\":\"%s\",%s\"messages\":[{\"role\":\"user\",\"content\":\"How high is the river? %ld\"}],\"stream\":%s}",
           model, is_cached ? "\"temperature\":0," : "", unique, is_stream ? "true" : "false");
  int size = snprintf(out, sizeof out,
                      "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nAuthorization: Bearer sk-load\r\n%sContent-Length: %zu\r\n\r\n%s",
                      path, server_port, getenv("RIG_HEADERS") ? getenv("RIG_HEADERS") : "", strlen(body), body);
  r->asked_at = now_ns();
  r->first_at = 0;
  r->next_token = 0;
  r->carry_length = 0;
  return send(r->fd, out, (size_t)size, MSG_NOSIGNAL) == size ? 0 : -1;
}

/* Reads the tokens in a piece of a stream; one may be cut between two pieces. */
static void take_tokens(struct reader *r, const char *piece, size_t length) {
  static char joined[BUFFER + CARRY + 1];
  memcpy(joined, r->carry, (size_t)r->carry_length);
  memcpy(joined + r->carry_length, piece, length);
  size_t size = (size_t)r->carry_length + length;
  joined[size] = 0;
  uint64_t at = now_ns();
  char *from = joined;
  for (;;) {
    char *mark = memmem(from, size - (size_t)(from - joined), "\"content\":\"t", 12);
    if (!mark) break;
    char *end = memchr(mark + 12, ' ', size - (size_t)(mark + 12 - joined));
    if (!end) {
      from = mark;
      break;
    }
    char *dash;
    uint64_t written = strtoull(mark + 12, &dash, 10);
    int number = atoi(dash + 1);
    if (number != r->next_token) disordered++;
    r->next_token = number + 1;
    if (!r->first_at) {
      r->first_at = at;
      record(firsts, at - r->asked_at);
    }
    if (is_measuring && written >= measure_from) {
      chunks++;
      record(delays, at > written ? at - written : 0);
    }
    from = end;
  }
  if (memmem(joined, size, "data: [DONE]", 12)) {
    r->done = 1;
    finished++;
  }
  size_t rest = size - (size_t)(from - joined);
  if (rest > CARRY) {
    from = joined + size - CARRY;
    rest = CARRY;
  }
  memcpy(r->carry, from, rest);
  r->carry_length = (int)rest;
}

static void drop(struct reader *r, const char *why) {
  if (!r->done) {
    if (r->status == 200) dropped++;
    else errors++;
    note_error("%s (status %d): %.150s", why, r->status, r->head ? r->head : "");
  }
  close(r->fd);
  r->fd = -1;
}

static void read_stream(struct reader *r) {
  static char piece[BUFFER];
  for (;;) {
    ssize_t got = recv(r->fd, piece, sizeof piece, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return drop(r, got == 0 ? "closed" : strerror(errno));
    if (r->status == 0) {
      r->status = got > 12 ? atoi(piece + 9) : -1;
      if (r->status != 200) {
        r->head = strndup(piece, got < 700 ? (size_t)got : 700);
        char *body = strstr(r->head, "\r\n\r\n");
        if (body) memmove(r->head, body + 4, strlen(body + 4) + 1);
        return drop(r, "refused");
      }
    }
    take_tokens(r, piece, (size_t)got);
    if (r->done) {
      close(r->fd);
      r->fd = -1;
      return;
    }
  }
}

static void print_result(int connections, double seconds, long open_streams) {
  printf("{\"connections\":%d,\"started\":%ld,\"open\":%ld,\"finished\":%ld,\"chunks\":%ld,\"chunksPerSecond\":%.1f,"
         "\"errors\":%ld,\"dropped\":%ld,\"disordered\":%ld,\"ttftMs\":{\"p50\":%.2f,\"p99\":%.2f},"
         "\"delayMs\":{\"p50\":%.2f,\"p99\":%.2f},\"firstError\":\"%s\"}\n",
         connections, started, open_streams, finished, chunks, (double)chunks / seconds, errors, dropped, disordered,
         quantile(firsts, 0.5), quantile(firsts, 0.99), quantile(delays, 0.5), quantile(delays, 0.99), first_error);
  fflush(stdout);
}

/*
 * Opens streams at a rate, waits until all have begun, says "steady", and measures for so long. What is
 * open then is closed by us and no error.
 */
static void run_streams(int connections, double ramp, double seconds) {
  struct reader *readers = calloc((size_t)connections, sizeof *readers);
  struct epoll_event events[EVENTS];
  is_cached = getenv("RIG_SAME") != NULL;
  uint64_t began = now_ns(), until = 0;
  double give_up = 30 + connections / ramp;
  while (until == 0 || now_ns() < until) {
    uint64_t at = now_ns();
    long wanted = (long)((double)(at - began) / 1e9 * ramp) + 1;
    while (started < wanted && started < connections) {
      struct reader *r = &readers[started];
      r->fd = connect_server();
      started++;
      if (r->fd < 0) {
        errors++;
        note_error("connect: %s", strerror(errno));
        continue;
      }
      watch(r->fd, r, EPOLLOUT, EPOLL_CTL_ADD);
    }
    int count = epoll_wait(poller, events, EVENTS, 1);
    for (int i = 0; i < count; i++) {
      struct reader *r = events[i].data.ptr;
      if (r->fd < 0) continue;
      if (r->asked_at == 0) {
        if (ask(r, 1, is_cached ? 0 : (long)(r - readers)) < 0) drop(r, "send");
        else watch(r->fd, r, EPOLLIN, EPOLL_CTL_MOD);
      } else read_stream(r);
    }
    if (until != 0) continue;
    long begun = errors + dropped;
    for (int i = 0; i < connections; i++) begun += readers[i].first_at != 0 && readers[i].status == 200;
    int is_late = (double)(at - began) / 1e9 > give_up;
    if ((started == connections && begun >= connections) || is_late) {
      if (is_late) note_error("only %ld of %d streams had begun", begun, connections);
      printf("steady\n");
      fflush(stdout);
      is_measuring = 1;
      measure_from = now_ns();
      until = measure_from + (uint64_t)(seconds * 1e9);
    }
  }
  long open_streams = 0;
  for (int i = 0; i < connections; i++) open_streams += readers[i].fd >= 0 && readers[i].first_at != 0;
  print_result(connections, seconds, open_streams);
}

/* Whether the response that has come so far is whole. */
static int is_whole(struct reader *r, const char *piece, size_t length) {
  if (r->body_at < 0) {
    char *grown = realloc(r->head, (size_t)r->head_length + length + 1);
    r->head = grown;
    memcpy(r->head + r->head_length, piece, length);
    r->head_length += (int)length;
    r->head[r->head_length] = 0;
    char *end = strstr(r->head, "\r\n\r\n");
    if (!end) return 0;
    r->status = atoi(r->head + 9);
    char *field = strcasestr(r->head, "\r\ncontent-length:");
    r->expected = field && field < end ? strtol(field + 17, NULL, 10) : -1;
    r->body_at = end + 4 - r->head;
    r->got = r->head_length - r->body_at;
    size_t tail = (size_t)(r->got < 5 ? r->got : 5);
    memset(r->tail, 0, sizeof r->tail);
    memcpy(r->tail, r->head + r->head_length - tail, tail);
  } else {
    r->got += (long)length;
    char joined[16];
    size_t take = length < 5 ? length : 5;
    size_t old = strlen(r->tail);
    memcpy(joined, r->tail, old);
    memcpy(joined + old, piece + length - take, take);
    size_t all = old + take, keep = all < 5 ? all : 5;
    memset(r->tail, 0, sizeof r->tail);
    memcpy(r->tail, joined + all - keep, keep);
  }
  if (r->expected >= 0) return r->got >= r->expected;
  return strcmp(r->tail, "0\r\n\r\n") == 0 || strstr(r->tail, "\n0\r\n") != NULL;
}

/* Asks one question after the other on each connection. */
static void run_requests(int connections, double seconds, int is_unique) {
  /* What a cache may keep is asked for at temperature 0. */
  is_cached = !is_unique;
  struct reader *readers = calloc((size_t)connections, sizeof *readers);
  struct epoll_event events[EVENTS];
  static char piece[BUFFER];
  long number = 0, answered = 0;
  for (int i = 0; i < connections; i++) {
    readers[i].fd = connect_server();
    readers[i].body_at = -1;
    if (readers[i].fd < 0) fail("connect");
    watch(readers[i].fd, &readers[i], EPOLLOUT, EPOLL_CTL_ADD);
  }
  printf("steady\n");
  fflush(stdout);
  uint64_t began = now_ns(), until = began + (uint64_t)(seconds * 1e9);
  while (now_ns() < until) {
    int count = epoll_wait(poller, events, EVENTS, 10);
    for (int i = 0; i < count; i++) {
      struct reader *r = events[i].data.ptr;
      if (r->asked_at == 0) {
        watch(r->fd, r, EPOLLIN, EPOLL_CTL_MOD);
        if (ask(r, 0, is_unique ? number++ : 0) < 0) errors++;
        continue;
      }
      ssize_t got = recv(r->fd, piece, sizeof piece, 0);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) {
        errors++;
        note_error("closed");
        watch(r->fd, r, 0, EPOLL_CTL_DEL);
        close(r->fd);
        r->fd = connect_server();
        r->asked_at = 0;
        r->head_length = 0;
        r->body_at = -1;
        watch(r->fd, r, EPOLLOUT, EPOLL_CTL_ADD);
        continue;
      }
      if (!is_whole(r, piece, (size_t)got)) continue;
      answered++;
      record(delays, now_ns() - r->asked_at);
      if (r->status != 200) {
        errors++;
        note_error("status %d: %.150s", r->status, r->head + r->body_at);
      }
      r->head_length = 0;
      r->body_at = -1;
      if (ask(r, 0, is_unique ? number++ : 0) < 0) errors++;
    }
  }
  printf("{\"connections\":%d,\"requests\":%ld,\"perSecond\":%.1f,\"errors\":%ld,\"ms\":{\"p50\":%.2f,\"p99\":%.2f},\"firstError\":\"%s\"}\n",
         connections, answered, (double)answered / ((double)(now_ns() - began) / 1e9), errors, quantile(delays, 0.5),
         quantile(delays, 0.99), first_error);
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  raise_descriptors();
  poller = epoll_create1(0);
  if (count == 5 && strcmp(words[1], "upstream") == 0) {
    run_upstream(atoi(words[2]), strtoull(words[3], NULL, 10), atoi(words[4]));
  } else if (count == 8 && (strcmp(words[1], "streams") == 0 || strcmp(words[1], "requests") == 0)) {
    server_port = atoi(words[2]);
    snprintf(path, sizeof path, "%s", words[3]);
    snprintf(model, sizeof model, "%s", words[4]);
    if (words[1][0] == 's') run_streams(atoi(words[5]), atof(words[6]), atof(words[7]));
    else run_requests(atoi(words[5]), atof(words[6]), atoi(words[7]));
  } else {
    fprintf(stderr, "see the head of rig.c for the arguments\n");
    return 2;
  }
  return 0;
}
