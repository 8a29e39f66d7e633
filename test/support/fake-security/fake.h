/*
 * A small stand-in for macOS' CoreFoundation and Security frameworks with their ABI, to run the macOS backend on
 * Linux. It checks what it is given, counts what is not released, and keeps its items in the folder that it was
 * loaded from, so that several processes share them:
 *   items       a counter, then a line for each item: id, keychain, owner, service, account, value (hexadecimal)
 *   flags       words that change how it behaves (see security.c)
 *   dialogs     a line for each dialog that a person would have seen
 *   complaints  a line for each argument that macOS would not have been happy with
 * Behaviour follows Apple's published source: CF-1153.18, Security-61901 (libsecurity_keychain/lib/SecItem.cpp).
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CoreFoundation's types (CFBase.h): CFIndex and CFTypeID are as long as a pointer, Boolean is one byte. */
typedef const void *Ref;
typedef long Index;
typedef unsigned long TypeID;
typedef unsigned char Boolean;
typedef int32_t OSStatus;

enum type {
  ALLOCATOR = 2,
  NONE = 16,
  STRING = 7,
  DICTIONARY = 18,
  ARRAY = 19,
  DATA = 20,
  BOOLEAN = 21,
  NUMBER = 22,
  ITEM = 300
};

struct object {
  enum type type;
  bool constant; /* not counted, never freed */
  atomic_int references;
  struct object *next, *previous; /* all that live */
  size_t length;                  /* bytes, members, or pairs */
  uint8_t *bytes;                 /* STRING, DATA */
  bool borrowed;                  /* DATA: the bytes are the caller's */
  uint32_t checksum;              /* DATA: of borrowed bytes */
  Ref *members;                   /* ARRAY, and DICTIONARY: keys and values by turns */
  int64_t number;                 /* NUMBER, BOOLEAN, ITEM */
};

#define CONSTANT_STRING(name, text) \
  static struct object object_##name = { \
      .type = STRING, .constant = true, .length = sizeof(text) - 1, .bytes = (uint8_t *)(text)}; \
  const Ref name = &object_##name

/* foundation.c */
extern const Ref kCFBooleanTrue, kCFNull;
void complain(const char *function, const char *what);
/* The object behind a reference; NULL, with a complaint, unless it lives and is of one of the types (0: any). */
struct object *look(const char *function, Ref ref, enum type type, enum type other);
bool same(Ref left, Ref right);
Ref make_string(const uint8_t *bytes, size_t length); /* kCFNull when it is not UTF-8, as in attributes */
Ref make_data(const uint8_t *bytes, size_t length);
Ref make_dictionary(const Ref *pairs, size_t count);
Ref make_array(const Ref *members, size_t count); /* takes the members over */
Ref make_item(int64_t id);
void CFRelease(Ref ref);

/* store.c */
struct bytes {
  uint8_t *data;
  size_t length;
};
struct item {
  long id, keychain; /* keychain 0 is the default one, and is searched first */
  struct bytes owner, service, account, value;
};
struct store {
  int lock;
  long counter;
  size_t count;
  struct item *items;
};
const char *path_of(const char *name);
void append(const char *name, const char *line);
void load_flags(void); /* at the start of each call */
bool flag(const char *word);
long flag_number(const char *word); /* word=NUMBER, else 0 */
void set_flags(const char *words);
void open_store(struct store *store); /* locked against other processes and threads until it is closed */
void close_store(struct store *store, bool changed);
struct bytes copy_bytes(const uint8_t *data, size_t length);
bool equal_bytes(struct bytes left, struct bytes right);
void add_item(struct store *store, struct item item);
void drop_item(struct store *store, struct item *item);

#endif
