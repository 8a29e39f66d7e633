/*
 * CoreFoundation: strings, data, dictionaries, arrays, numbers. Strings are given out with the top bit set, as
 * arm64 does with short ones: whoever takes a reference for an address, or for a double, notices.
 */
#define _GNU_SOURCE
#include "fake.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG ((uintptr_t)1 << 63)
#define UTF8 0x08000100u

static struct object object_true = {.type = BOOLEAN, .constant = true, .number = 1};
static struct object object_null = {.type = NONE, .constant = true};
static struct object object_allocator = {.type = ALLOCATOR, .constant = true};
const Ref kCFBooleanTrue = &object_true;
const Ref kCFNull = &object_null;
const Ref kCFAllocatorNull = &object_allocator;
/* Structures of a version and function pointers; all that counts here is that their addresses are passed on. */
const void *const kCFTypeDictionaryKeyCallBacks[6] = {0};
const void *const kCFTypeDictionaryValueCallBacks[5] = {0};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct object all = {.next = &all, .previous = &all};
static atomic_int live;
static const uint8_t *last_borrowed;
static size_t last_length;

/* For tests: how many objects were not released yet. */
int fake_live_objects(void) { return live; }

/* For tests: whether the caller has overwritten the last bytes that it lent. Call before they can be reused. */
int fake_last_bytes_are_zero(void) {
  for (size_t index = 0; index < last_length; index++)
    if (last_borrowed[index] != 0) return 0;
  return last_length > 0;
}

void complain(const char *function, const char *what) {
  char line[256];
  snprintf(line, sizeof line, "%s: %s", function, what);
  append("complaints", line);
}

static struct object *untagged(Ref ref) { return (struct object *)((uintptr_t)ref & ~TAG); }

struct object *look(const char *function, Ref ref, enum type type, enum type other) {
  struct object *object = untagged(ref);
  bool found = false;
  pthread_mutex_lock(&mutex);
  for (struct object *each = all.next; each != &all && !found; each = each->next) found = each == object;
  pthread_mutex_unlock(&mutex);
  /* What is not in the list can be a constant, which is in this library, or nothing that may be looked at. */
  Dl_info self, there;
  if (!found && dladdr(&object_null, &self) && dladdr(object, &there))
    found = there.dli_fbase == self.dli_fbase && object->constant;
  if (!found) return complain(function, ref == NULL ? "NULL" : "no object, or released already"), NULL;
  if (type != 0 && object->type != type && (other == 0 || object->type != other))
    return complain(function, "an object of another type"), NULL;
  return object;
}

static struct object *make(enum type type) {
  struct object *object = calloc(1, sizeof *object);
  if (object == NULL) abort();
  object->type = type;
  object->references = 1;
  pthread_mutex_lock(&mutex);
  object->next = all.next;
  object->previous = &all;
  all.next->previous = object;
  all.next = object;
  pthread_mutex_unlock(&mutex);
  live++;
  return object;
}

static uint32_t checksum(const uint8_t *bytes, size_t length) {
  uint32_t sum = 0;
  for (size_t index = 0; index < length; index++) sum = sum * 31 + bytes[index];
  return sum;
}

Ref CFRetain(Ref ref) {
  struct object *object = look("CFRetain", ref, 0, 0);
  if (object != NULL && !object->constant) object->references++;
  return ref;
}

void CFRelease(Ref ref) {
  struct object *object = look("CFRelease", ref, 0, 0);
  if (object == NULL || object->constant || --object->references > 0) return;
  pthread_mutex_lock(&mutex);
  object->next->previous = object->previous;
  object->previous->next = object->next;
  pthread_mutex_unlock(&mutex);
  live--;
  if (object->borrowed && checksum(object->bytes, object->length) != object->checksum)
    complain("CFRelease", "the lent bytes of a CFData changed while it lived");
  size_t members = object->type == DICTIONARY ? 2 * object->length : object->type == ARRAY ? object->length : 0;
  for (size_t index = 0; index < members; index++) CFRelease(object->members[index]);
  free(object->members);
  if (!object->borrowed) free(object->bytes);
  free(object);
}

bool same(Ref left, Ref right) {
  struct object *a = untagged(left), *b = untagged(right);
  if (a == b) return true;
  if (a->type != b->type || (a->type != STRING && a->type != DATA) || a->length != b->length) return false;
  return memcmp(a->bytes, b->bytes, a->length) == 0;
}

TypeID CFGetTypeID(Ref ref) {
  struct object *object = look("CFGetTypeID", ref, 0, 0);
  return object == NULL ? 0 : object->type;
}
TypeID CFStringGetTypeID(void) { return STRING; }

/* Strings */

/* How many UTF-16 units the text has; -1 when it is not UTF-8. */
static Index utf16_length(const uint8_t *bytes, size_t length) {
  Index units = 0;
  for (size_t index = 0; index < length;) {
    uint8_t lead = bytes[index++];
    int more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    if (more < 0 || length - index < (size_t)more) return -1;
    for (int each = 0; each < more; each++)
      if ((bytes[index++] & 0xc0) != 0x80) return -1;
    units += more == 3 ? 2 : 1;
  }
  return units;
}

static Ref new_string(const uint8_t *bytes, size_t length) {
  struct object *object = make(STRING);
  object->bytes = copy_bytes(bytes, length).data;
  object->length = length;
  return (Ref)((uintptr_t)object | TAG);
}

Ref make_string(const uint8_t *bytes, size_t length) {
  return utf16_length(bytes, length) < 0 ? kCFNull : new_string(bytes, length);
}

Ref CFStringCreateWithBytes(Ref allocator, const uint8_t *bytes, Index length, uint32_t encoding, Boolean external) {
  const char *me = "CFStringCreateWithBytes";
  if (allocator != NULL || encoding != UTF8 || external != 0)
    return complain(me, "not the default allocator and UTF-8"), NULL;
  if (bytes == NULL || length < 0 || utf16_length(bytes, (size_t)length) < 0) return complain(me, "bytes"), NULL;
  return new_string(bytes, (size_t)length);
}

Ref CFStringCreateWithCString(Ref allocator, const char *text, uint32_t encoding) {
  return CFStringCreateWithBytes(allocator, (const uint8_t *)text, (Index)strlen(text), encoding, 0);
}

Index CFStringGetLength(Ref ref) {
  struct object *string = look("CFStringGetLength", ref, STRING, 0);
  return string == NULL ? 0 : utf16_length(string->bytes, string->length);
}

Index CFStringGetMaximumSizeForEncoding(Index length, uint32_t encoding) {
  if (encoding != UTF8 || length < 0) complain("CFStringGetMaximumSizeForEncoding", "length or encoding");
  return 3 * length;
}

Boolean CFStringGetCString(Ref ref, char *buffer, Index size, uint32_t encoding) {
  struct object *string = look("CFStringGetCString", ref, STRING, 0);
  if (string == NULL || buffer == NULL || encoding != UTF8) return complain("CFStringGetCString", "arguments"), 0;
  if (size < (Index)string->length + 1) return complain("CFStringGetCString", "too small a buffer"), 0;
  memcpy(buffer, string->bytes, string->length);
  buffer[string->length] = 0;
  return 1;
}

/* Data */

Ref make_data(const uint8_t *bytes, size_t length) {
  struct object *object = make(DATA);
  object->bytes = copy_bytes(bytes, length).data;
  object->length = length;
  return object;
}

Ref CFDataCreateWithBytesNoCopy(Ref allocator, const uint8_t *bytes, Index length, Ref deallocator) {
  const char *me = "CFDataCreateWithBytesNoCopy";
  if (allocator != NULL || bytes == NULL || length < 0) return complain(me, "arguments"), NULL;
  if (deallocator != kCFAllocatorNull) return complain(me, "the bytes would be freed by CoreFoundation"), NULL;
  struct object *object = make(DATA);
  object->bytes = (uint8_t *)bytes;
  object->length = (size_t)length;
  object->borrowed = true;
  object->checksum = checksum(bytes, (size_t)length);
  last_borrowed = bytes;
  last_length = (size_t)length;
  return object;
}

Index CFDataGetLength(Ref ref) {
  struct object *data = look("CFDataGetLength", ref, DATA, 0);
  return data == NULL ? 0 : (Index)data->length;
}

const uint8_t *CFDataGetBytePtr(Ref ref) {
  struct object *data = look("CFDataGetBytePtr", ref, DATA, 0);
  return data == NULL ? NULL : data->bytes;
}

/* Collections and numbers */

static Ref make_collection(enum type type, const Ref *members, size_t count) {
  struct object *object = make(type);
  size_t slots = type == DICTIONARY ? 2 * count : count;
  object->members = malloc((slots + 1) * sizeof *members);
  if (object->members == NULL) abort();
  if (slots > 0) memcpy(object->members, members, slots * sizeof *members);
  object->length = count;
  return object;
}

Ref make_dictionary(const Ref *pairs, size_t count) { return make_collection(DICTIONARY, pairs, count); }
Ref make_array(const Ref *members, size_t count) { return make_collection(ARRAY, members, count); }

Ref make_item(int64_t id) {
  struct object *object = make(ITEM);
  object->number = id;
  return object;
}

Ref CFDictionaryCreate(Ref allocator, const Ref *keys, const Ref *values, Index count, const void *key_callbacks,
                       const void *value_callbacks) {
  const char *me = "CFDictionaryCreate";
  if (allocator != NULL || keys == NULL || values == NULL || count < 1 || count > 16)
    return complain(me, "arguments"), NULL;
  if (key_callbacks != kCFTypeDictionaryKeyCallBacks || value_callbacks != kCFTypeDictionaryValueCallBacks)
    return complain(me, "callbacks: keys and values would not be retained"), NULL;
  Ref pairs[32];
  for (Index index = 0; index < count; index++) {
    if (look(me, keys[index], STRING, 0) == NULL || look(me, values[index], 0, 0) == NULL) return NULL;
    for (Index other = 0; other < index; other++)
      if (same(keys[other], keys[index])) complain(me, "a key twice");
    pairs[2 * index] = CFRetain(keys[index]);
    pairs[2 * index + 1] = CFRetain(values[index]);
  }
  return make_dictionary(pairs, (size_t)count);
}

Ref CFDictionaryGetValue(Ref ref, Ref key) {
  struct object *dictionary = look("CFDictionaryGetValue", ref, DICTIONARY, 0);
  if (dictionary == NULL || look("CFDictionaryGetValue", key, STRING, 0) == NULL) return NULL;
  for (size_t index = 0; index < dictionary->length; index++)
    if (same(dictionary->members[2 * index], key)) return dictionary->members[2 * index + 1];
  return NULL;
}

Index CFArrayGetCount(Ref ref) {
  struct object *array = look("CFArrayGetCount", ref, ARRAY, 0);
  return array == NULL ? 0 : (Index)array->length;
}

Ref CFArrayGetValueAtIndex(Ref ref, Index index) {
  struct object *array = look("CFArrayGetValueAtIndex", ref, ARRAY, 0);
  if (array == NULL || index < 0 || (size_t)index >= array->length)
    return complain("CFArrayGetValueAtIndex", "index"), NULL;
  return array->members[index];
}

Ref CFNumberCreate(Ref allocator, uint32_t type, const int32_t *value) {
  if (allocator != NULL || type != 9 || value == NULL) return complain("CFNumberCreate", "not a C int"), NULL;
  struct object *object = make(NUMBER);
  object->number = *value;
  return object;
}
