/*
 * Security: generic passwords as SecItem and SecKeychain keep them in keychains that are files.
 * Flags:
 *   locked       the default keychain is locked: values cannot be read or changed, names can
 *   answering    a person types the password when a dialog asks to unlock (else it is dismissed)
 *   owners       a program reads values of its own entries only, and SecItemDelete deletes no others
 *   ssh          no desktop to show a dialog on
 *   no-default   there is no default keychain, and none is searched
 *   silent       nothing ever answers
 *   racing       when an entry is added, another program adds it first, once
 *   damaged      an entry that is changed has to be replaced, and that is reported as macOS does
 *   fail=N       SecItem functions answer N
 *   gone=N       SecKeychainGetStatus answers N
 */
#define _GNU_SOURCE
#include "fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status {
  OK = 0,
  PARAM = -50,
  CANCELED = -128,
  OWNER = -25244,
  DENIED = -25293,
  DUPLICATE = -25299,
  NOT_FOUND = -25300,
  NO_DEFAULT = -25307,
  NO_INTERACTION = -25308
};

/* Values as in SecItemConstants.c. */
CONSTANT_STRING(kSecClass, "class");
CONSTANT_STRING(kSecClassGenericPassword, "genp");
CONSTANT_STRING(kSecAttrService, "svce");
CONSTANT_STRING(kSecAttrAccount, "acct");
CONSTANT_STRING(kSecAttrLabel, "labl");
CONSTANT_STRING(kSecValueData, "v_Data");
CONSTANT_STRING(kSecReturnData, "r_Data");
CONSTANT_STRING(kSecReturnAttributes, "r_Attributes");
CONSTANT_STRING(kSecReturnRef, "r_Ref");
CONSTANT_STRING(kSecMatchLimit, "m_Limit");
CONSTANT_STRING(kSecMatchLimitOne, "m_LimitOne");
CONSTANT_STRING(kSecMatchLimitAll, "m_LimitAll");
CONSTANT_STRING(kSecUseAuthenticationUI, "u_AuthUI");
CONSTANT_STRING(kSecUseAuthenticationUIFail, "u_AuthUIF");

static atomic_uchar interaction = 1; /* of this process */

struct query {
  struct bytes service, account, value;
  bool has_class, has_service, has_account, has_value, data, attributes, reference, all, silent;
};

static bool truth(const char *me, Ref ref) {
  struct object *value = look(me, ref, BOOLEAN, NUMBER); /* Python keyring passes the number 1 */
  return value != NULL && value->number == 1;
}

static struct bytes view(struct object *object) { return (struct bytes){object->bytes, object->length}; }

/* Takes a dictionary apart; false, with a complaint, for whatever does not belong into it. */
static bool parse(const char *me, Ref ref, const Ref *const *allowed, struct query *query) {
  struct object *dictionary = look(me, ref, DICTIONARY, 0);
  *query = (struct query){0};
  if (dictionary == NULL) return false;
  for (size_t index = 0; index < dictionary->length; index++) {
    Ref key = dictionary->members[2 * index], value = dictionary->members[2 * index + 1];
    const Ref *const *known = allowed;
    while (*known != NULL && !same(**known, key)) known++;
    if (*known == NULL) return complain(me, "a key that does not belong here"), false;
    bool fine = true;
    if (same(key, kSecClass)) fine = query->has_class = same(value, kSecClassGenericPassword);
    else if (same(key, kSecReturnData)) fine = query->data = truth(me, value);
    else if (same(key, kSecReturnAttributes)) fine = query->attributes = truth(me, value);
    else if (same(key, kSecReturnRef)) fine = query->reference = truth(me, value);
    else if (same(key, kSecUseAuthenticationUI)) fine = query->silent = same(value, kSecUseAuthenticationUIFail);
    else if (same(key, kSecMatchLimit)) {
      query->all = same(value, kSecMatchLimitAll);
      fine = query->all || same(value, kSecMatchLimitOne);
    }
    else {
      bool is_value = same(key, kSecValueData);
      /* Only SecItemAdd takes a string for a value: SecItemUpdate refuses it. */
      bool text = is_value && strcmp(me, "SecItemAdd") == 0;
      struct object *object = look(me, value, is_value ? DATA : STRING, text ? STRING : 0);
      if (object == NULL) return false;
      if (is_value) query->value = view(object), query->has_value = true;
      else if (same(key, kSecAttrService)) query->service = view(object), query->has_service = true;
      else query->account = view(object), query->has_account = true;
    }
    if (!fine) return complain(me, "a value that does not fit its key"), false;
  }
  return true;
}

/* Whether a query names what it has to; and, for a search, forbids dialogs in both ways or in none. */
static bool whole(const char *me, const struct query *query, bool account) {
  if (!query->has_value && query->silent == (bool)interaction) complain(me, "dialogs are forbidden in one way only");
  bool fine = query->has_class && query->has_service && (query->has_account || !account);
  if (!fine) complain(me, "class, service or account is missing");
  return fine;
}

/* Every call starts with this. */
static void begin(void) {
  load_flags();
  while (flag("silent")) pause();
}

/* What SecItemUpdate and SecItemDelete may be asked with. */
static const Ref *const search[] = {&kSecClass, &kSecAttrService, &kSecAttrAccount, &kSecUseAuthenticationUI, NULL};

static struct bytes program(void) {
  static char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  return (struct bytes){(uint8_t *)path, length < 0 ? 0 : (size_t)length};
}

/* What macOS answers where a person would have to agree. */
static OSStatus ask(const char *question, bool unlocks) {
  if (!interaction) return DENIED;
  if (flag("ssh")) return NO_INTERACTION;
  append("dialogs", question);
  if (!unlocks || !flag("answering")) return CANCELED;
  set_flags("answering");
  return OK;
}

static OSStatus need_unlocked(void) { return flag("locked") ? ask("unlock", true) : OK; }

static OSStatus need_owner(const struct item *item) {
  if (!flag("owners") || equal_bytes(item->owner, program())) return OK;
  return ask("allow", false);
}

static struct item *next_match(struct store *store, const struct query *query, size_t *index) {
  while (*index < store->count) {
    struct item *item = &store->items[(*index)++];
    bool account = !query->has_account || equal_bytes(item->account, query->account);
    if (account && equal_bytes(item->service, query->service)) return item;
  }
  return NULL;
}

static struct item *first_match(struct store *store, const struct query *query) {
  size_t index = 0;
  return flag("no-default") ? NULL : next_match(store, query, &index);
}

static Ref attributes_of(const struct item *item) {
  Ref pairs[] = {kSecClass,       kSecClassGenericPassword,
                 kSecAttrService, make_string(item->service.data, item->service.length),
                 kSecAttrLabel,   make_string(item->service.data, item->service.length),
                 kSecAttrAccount, make_string(item->account.data, item->account.length)};
  return make_dictionary(pairs, 4);
}

OSStatus SecItemCopyMatching(Ref dictionary, Ref *result) {
  const char *me = "SecItemCopyMatching";
  static const Ref *const allowed[] = {&kSecClass,      &kSecAttrService,      &kSecAttrAccount,
                                       &kSecReturnData, &kSecReturnAttributes, &kSecReturnRef,
                                       &kSecMatchLimit, &kSecUseAuthenticationUI, NULL};
  struct query query;
  if (result == NULL || !parse(me, dictionary, allowed, &query) || !whole(me, &query, !query.all)) return PARAM;
  if (query.data + query.attributes + query.reference != 1)
    return complain(me, "not exactly one kind of result"), PARAM;
  if (query.all && !query.attributes) return PARAM; /* errSecReturnDataUnsupported */
  begin();
  if (flag_number("fail")) return (OSStatus)flag_number("fail");
  *result = NULL;
  OSStatus status = NOT_FOUND;
  struct store store;
  open_store(&store);
  if (query.all) {
    Ref *found = calloc(store.count + 1, sizeof *found);
    size_t count = 0, index = 0;
    for (struct item *item; !flag("no-default") && (item = next_match(&store, &query, &index)) != NULL;)
      found[count++] = attributes_of(item);
    if (count > 0) *result = make_array(found, count), status = OK;
    free(found);
  } else {
    struct item *item = first_match(&store, &query);
    if (item != NULL) {
      status = query.data ? need_unlocked() : OK;
      if (status == OK && query.data) status = need_owner(item);
      if (status == OK)
        *result = query.data        ? make_data(item->value.data, item->value.length)
                  : query.reference ? make_item(item->id)
                                    : attributes_of(item);
    }
  }
  close_store(&store, false);
  return status;
}

static bool in_default_keychain(struct store *store, const struct query *query) {
  struct item *item = first_match(store, query);
  return item != NULL && item->keychain == 0;
}

static void add(struct store *store, const struct query *query, struct bytes value, struct bytes owner) {
  struct item item = {.owner = copy_bytes(owner.data, owner.length),
                      .service = copy_bytes(query->service.data, query->service.length),
                      .account = copy_bytes(query->account.data, query->account.length),
                      .value = copy_bytes(value.data, value.length)};
  add_item(store, item);
}

OSStatus SecItemAdd(Ref dictionary, Ref *result) {
  const char *me = "SecItemAdd";
  static const Ref *const allowed[] = {&kSecClass, &kSecAttrService, &kSecAttrAccount, &kSecValueData, NULL};
  struct query query;
  if (!parse(me, dictionary, allowed, &query) || !whole(me, &query, true)) return PARAM;
  if (!query.has_value || result != NULL) return complain(me, "no value, or a result that nobody wants"), PARAM;
  begin();
  if (flag_number("fail")) return (OSStatus)flag_number("fail");
  if (flag("no-default")) return interaction ? NO_DEFAULT : NO_INTERACTION;
  OSStatus status = need_unlocked();
  if (status != OK) return status;
  struct store store;
  open_store(&store);
  if (flag("racing")) {
    set_flags("");
    struct bytes other = {(uint8_t *)"another program", 15};
    add(&store, &query, other, other);
  }
  if (in_default_keychain(&store, &query)) status = DUPLICATE;
  else add(&store, &query, query.value, program());
  close_store(&store, true);
  return status;
}

OSStatus SecItemUpdate(Ref dictionary, Ref changes) {
  const char *me = "SecItemUpdate";
  static const Ref *const changing[] = {&kSecValueData, NULL};
  struct query query, change;
  if (!parse(me, dictionary, search, &query) || !whole(me, &query, true)) return PARAM;
  if (!parse(me, changes, changing, &change)) return PARAM;
  begin();
  if (flag_number("fail")) return (OSStatus)flag_number("fail");
  struct store store;
  open_store(&store);
  struct item *item = first_match(&store, &query); /* the first only, as kSecMatchLimitOne is the default */
  OSStatus status = item == NULL ? NOT_FOUND : need_unlocked();
  if (status == OK) {
    free(item->value.data);
    item->value = copy_bytes(change.value.data, change.value.length);
    if (flag("damaged")) status = DUPLICATE;
  }
  close_store(&store, item != NULL);
  return status;
}

OSStatus SecItemDelete(Ref dictionary) {
  const char *me = "SecItemDelete";
  struct query query;
  if (!parse(me, dictionary, search, &query) || !whole(me, &query, true)) return PARAM;
  begin();
  if (flag_number("fail")) return (OSStatus)flag_number("fail");
  struct store store;
  open_store(&store);
  struct item *item = first_match(&store, &query);
  OSStatus status = item == NULL ? NOT_FOUND : need_unlocked();
  if (status == OK && flag("owners") && !equal_bytes(item->owner, program())) status = OWNER;
  if (status == OK) drop_item(&store, item);
  close_store(&store, status == OK);
  return status;
}

OSStatus SecKeychainItemDelete(Ref ref) {
  struct object *reference = look("SecKeychainItemDelete", ref, ITEM, 0);
  if (reference == NULL) return PARAM;
  begin();
  struct store store;
  open_store(&store);
  OSStatus status = NOT_FOUND;
  for (size_t index = 0; index < store.count && status != OK; index++)
    if (store.items[index].id == reference->number) drop_item(&store, &store.items[index]), status = OK;
  close_store(&store, status == OK);
  return status;
}

OSStatus SecKeychainGetStatus(Ref keychain, uint32_t *bits) {
  if (keychain != NULL || bits == NULL) return complain("SecKeychainGetStatus", "not the default keychain"), PARAM;
  begin();
  if (flag_number("gone")) return (OSStatus)flag_number("gone");
  if (flag("no-default")) return NO_DEFAULT;
  *bits = flag("locked") ? 2 : 1 | 2 | 4; /* readable; unlocked and writable */
  return OK;
}

OSStatus SecKeychainUnlock(Ref keychain, uint32_t length, const void *password, Boolean use_password) {
  if (keychain != NULL || length != 0 || password != NULL || use_password)
    return complain("SecKeychainUnlock", "not a dialog for the default keychain"), PARAM;
  begin();
  return need_unlocked();
}

OSStatus SecKeychainGetUserInteractionAllowed(Boolean *state) {
  if (state == NULL) return complain("SecKeychainGetUserInteractionAllowed", "NULL"), PARAM;
  *state = interaction;
  return OK;
}

OSStatus SecKeychainSetUserInteractionAllowed(Boolean state) {
  if (state > 1) complain("SecKeychainSetUserInteractionAllowed", "neither true nor false");
  interaction = state;
  return OK;
}
