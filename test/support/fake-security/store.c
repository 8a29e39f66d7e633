/* The items and flags in the folder that the library was loaded from. Knows nothing of Apple's interfaces. */
#define _GNU_SOURCE
#include "fake.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

const char *path_of(const char *name) {
  static _Thread_local char path[4096];
  Dl_info self;
  char library[2048];
  if (!dladdr((void *)path_of, &self)) abort();
  snprintf(library, sizeof library, "%s", self.dli_fname);
  snprintf(path, sizeof path, "%s/%s", dirname(library), name);
  return path;
}

void append(const char *name, const char *line) {
  int file = open(path_of(name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || dprintf(file, "%s\n", line) < 0) abort();
  close(file);
}

static _Thread_local char flags[1024];

void load_flags(void) {
  int file = open(path_of("flags"), O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? 0 : read(file, flags, sizeof flags - 1);
  flags[length < 0 ? 0 : length] = 0;
  if (file >= 0) close(file);
}

/* The text behind a word of the flags, up to the end of all; NULL when it is not there. */
static const char *find_flag(const char *word) {
  size_t size = strlen(word);
  for (const char *flag = flags; *flag != 0; flag += strcspn(flag, " "), flag += strspn(flag, " "))
    if (strncmp(flag, word, size) == 0 && strchr(" =", flag[size]) != NULL) return flag + size;
  return NULL;
}

bool flag(const char *word) { return find_flag(word) != NULL; }

long flag_number(const char *word) {
  const char *text = find_flag(word);
  return text != NULL && *text == '=' ? atol(text + 1) : 0;
}

void set_flags(const char *words) {
  int file = open(path_of("flags"), O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || dprintf(file, "%s", words) < 0) abort();
  close(file);
  load_flags();
}

struct bytes copy_bytes(const uint8_t *data, size_t length) {
  struct bytes copy = {malloc(length + 1), length};
  if (copy.data == NULL) abort();
  if (length > 0) memcpy(copy.data, data, length);
  return copy;
}

bool equal_bytes(struct bytes left, struct bytes right) {
  return left.length == right.length && memcmp(left.data, right.data, left.length) == 0;
}

/* A field of a line: hexadecimal digits behind a dot, so that nothing is something too. */
static struct bytes parse_field(char **rest) {
  char *field = strtok_r(NULL, " \n", rest);
  if (field == NULL || *field != '.') abort();
  struct bytes bytes = copy_bytes((uint8_t *)field, strlen(field + 1) / 2);
  for (size_t index = 0; index < bytes.length; index++) {
    const char digits[3] = {field[1 + 2 * index], field[2 + 2 * index]};
    bytes.data[index] = (uint8_t)strtoul(digits, NULL, 16);
  }
  return bytes;
}

static void print_field(FILE *file, struct bytes bytes) {
  static const char digits[] = "0123456789abcdef";
  fputs(" .", file);
  for (size_t index = 0; index < bytes.length; index++) {
    fputc(digits[bytes.data[index] >> 4], file);
    fputc(digits[bytes.data[index] & 15], file);
  }
}

void open_store(struct store *store) {
  *store = (struct store){.lock = open(path_of("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (store->lock < 0 || flock(store->lock, LOCK_EX) != 0) abort();
  FILE *file = fopen(path_of("items"), "re");
  if (file == NULL) return;
  char *line = NULL;
  size_t size = 0;
  if (getline(&line, &size, file) > 0) store->counter = atol(line);
  while (getline(&line, &size, file) > 0) {
    char *rest = NULL;
    struct item item = {.id = atol(strtok_r(line, " ", &rest))};
    item.keychain = atol(strtok_r(NULL, " ", &rest));
    item.owner = parse_field(&rest);
    item.service = parse_field(&rest);
    item.account = parse_field(&rest);
    item.value = parse_field(&rest);
    add_item(store, item);
  }
  free(line);
  fclose(file);
}

static void free_item(struct item *item) {
  free(item->owner.data);
  free(item->service.data);
  free(item->account.data);
  free(item->value.data);
}

/* Items stay in the order of their keychains, which is the order in which they are searched. */
void add_item(struct store *store, struct item item) {
  if (item.id == 0) item.id = ++store->counter;
  store->items = realloc(store->items, (store->count + 1) * sizeof item);
  if (store->items == NULL) abort();
  size_t place = store->count++;
  for (; place > 0 && store->items[place - 1].keychain > item.keychain; place--)
    store->items[place] = store->items[place - 1];
  store->items[place] = item;
}

void drop_item(struct store *store, struct item *item) {
  free_item(item);
  size_t behind = (size_t)(store->items + store->count - (item + 1));
  memmove(item, item + 1, behind * sizeof *item);
  store->count--;
}

void close_store(struct store *store, bool changed) {
  if (changed) {
    char path[4096];
    snprintf(path, sizeof path, "%s", path_of("items.new"));
    FILE *file = fopen(path, "we");
    if (file == NULL) abort();
    fprintf(file, "%ld\n", store->counter);
    for (struct item *item = store->items; item < store->items + store->count; item++) {
      fprintf(file, "%ld %ld", item->id, item->keychain);
      print_field(file, item->owner);
      print_field(file, item->service);
      print_field(file, item->account);
      print_field(file, item->value);
      fputc('\n', file);
    }
    if (fclose(file) != 0 || rename(path, path_of("items")) != 0) abort();
  }
  for (size_t index = 0; index < store->count; index++) free_item(&store->items[index]);
  free(store->items);
  close(store->lock);
}
