/*
 * Credential Manager's five functions over an array, for tests of many thousand calls: Wine's own take milliseconds.
 * What it returns is one heap block for each call, as from Windows, so that a missing CredFree is seen.
 */
#include <windows.h>
#include <wincred.h>
#include <wchar.h>

#define MEMORY_SLOTS 32
static PCREDENTIALW memory_slots[MEMORY_SLOTS];

static size_t memory_text_size(LPCWSTR text) { return text == NULL ? 0 : (wcslen(text) + 1) * sizeof(WCHAR); }

static size_t memory_size(const CREDENTIALW *from) {
  return sizeof *from + memory_text_size(from->TargetName) + memory_text_size(from->Comment) +
         memory_text_size(from->UserName) + from->CredentialBlobSize + sizeof(WCHAR);
}

static LPWSTR memory_copy(BYTE **end, const void *from, size_t size) {
  void *copy = from == NULL ? NULL : memcpy(*end, from, size);
  *end += size;
  return copy;
}

/* Copies a credential with all it points to into the block `to`. */
static void memory_pack(PCREDENTIALW to, const CREDENTIALW *from) {
  BYTE *end = (BYTE *)(to + 1);
  *to = *from;
  to->TargetName = memory_copy(&end, from->TargetName, memory_text_size(from->TargetName));
  to->Comment = memory_copy(&end, from->Comment, memory_text_size(from->Comment));
  to->UserName = memory_copy(&end, from->UserName, memory_text_size(from->UserName));
  to->CredentialBlob = (LPBYTE)memory_copy(&end, from->CredentialBlob, from->CredentialBlobSize);
}

/* The slot of a target; a free one (or NULL) when there is no such target. */
static PCREDENTIALW *memory_slot(LPCWSTR target) {
  PCREDENTIALW *unused = NULL;
  for (int slot = 0; slot < MEMORY_SLOTS; slot += 1) {
    if (memory_slots[slot] == NULL) unused = &memory_slots[slot];
    else if (_wcsicmp(memory_slots[slot]->TargetName, target) == 0) return &memory_slots[slot];
  }
  return unused;
}

static BOOL memory_found(const PCREDENTIALW *slot) {
  if (slot != NULL && *slot != NULL) return TRUE;
  SetLastError(ERROR_NOT_FOUND);
  return FALSE;
}

static BOOL memory_read(LPCWSTR target, PCREDENTIALW *out) {
  PCREDENTIALW *slot = memory_slot(target);
  if (!memory_found(slot)) return FALSE;
  *out = HeapAlloc(GetProcessHeap(), 0, memory_size(*slot));
  memory_pack(*out, *slot);
  return TRUE;
}

static BOOL memory_write(const CREDENTIALW *credential) {
  PCREDENTIALW *slot = memory_slot(credential->TargetName);
  PCREDENTIALW copy = HeapAlloc(GetProcessHeap(), 0, memory_size(credential));
  memory_pack(copy, credential);
  HeapFree(GetProcessHeap(), 0, *slot);
  *slot = copy;
  return TRUE;
}

static BOOL memory_delete(LPCWSTR target) {
  PCREDENTIALW *slot = memory_slot(target);
  if (!memory_found(slot)) return FALSE;
  HeapFree(GetProcessHeap(), 0, *slot);
  *slot = NULL;
  return TRUE;
}

static BOOL memory_enumerate(LPCWSTR filter, DWORD *count, PCREDENTIALW **out) {
  size_t prefix = filter == NULL ? 0 : wcslen(filter) - 1, size = MEMORY_SLOTS * sizeof(PCREDENTIALW);
  PCREDENTIALW found[MEMORY_SLOTS];
  *count = 0;
  for (int slot = 0; slot < MEMORY_SLOTS; slot += 1) {
    if (memory_slots[slot] == NULL || _wcsnicmp(memory_slots[slot]->TargetName, filter, prefix) != 0) continue;
    found[(*count)++] = memory_slots[slot];
    size += memory_size(memory_slots[slot]) + 8;
  }
  if (*count == 0) {
    SetLastError(ERROR_NOT_FOUND);
    return FALSE;
  }
  BYTE *end = HeapAlloc(GetProcessHeap(), 0, size);
  *out = (PCREDENTIALW *)end;
  end += MEMORY_SLOTS * sizeof(PCREDENTIALW);
  for (DWORD index = 0; index < *count; index += 1) {
    (*out)[index] = (PCREDENTIALW)end;
    memory_pack((PCREDENTIALW)end, found[index]);
    end += (memory_size(found[index]) + 7) & ~(size_t)7;
  }
  return TRUE;
}
