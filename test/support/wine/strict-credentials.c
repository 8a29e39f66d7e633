/*
 * A stand-in for advapi32.dll between gum-cred and Wine's: passes every call on, after checking what Wine does
 * not check and Windows does (or its documentation asks for), and fails or dies where a test wants it to.
 * Compiled against wincred.h, so that the layout of CREDENTIALW is the header's and not ours.
 *
 * A call that breaks the rules ends the process with code 90 and a line on stderr.
 * Environment: STRICT_ERROR=n      every call fails with the error n
 *              STRICT_DIE_AT=n     the process ends instead of making its nth change (code 99)
 *              STRICT_FAIL_AT=n    the nth change fails with ERROR_DISK_FULL
 *              STRICT_MEMORY=1     the entries are kept in an array instead of Wine (memory-credentials.h)
 * A target name that contains "error:n" fails with the error n.
 */
#include <windows.h>
#include <wincred.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "memory-credentials.h"

#define MAX_OUTSTANDING 64
static struct { void *buffer; DWORD count; } outstanding[MAX_OUTSTANDING]; /* count 0: one credential */
static int changes;

static void insist(int holds, const char *rule) {
  if (holds) return;
  fprintf(stderr, "strict-credentials: broken rule: %s\n", rule);
  fflush(stderr);
  TerminateProcess(GetCurrentProcess(), 90);
}

static DWORD setting(const char *name) {
  char text[16] = "";
  GetEnvironmentVariableA(name, text, sizeof text);
  return (DWORD)strtoul(text, NULL, 10);
}

static BOOL in_memory(void) { return setting("STRICT_MEMORY") != 0; }

static BOOL failing(LPCWSTR target) {
  DWORD error = setting("STRICT_ERROR");
  const WCHAR *named = target == NULL ? NULL : wcsstr(target, L"error:");
  if (named != NULL) error = wcstoul(named + 6, NULL, 10);
  if (error != 0) SetLastError(error);
  return error != 0;
}

static BOOL failing_change(LPCWSTR target) {
  changes += 1;
  if (setting("STRICT_DIE_AT") == (DWORD)changes) TerminateProcess(GetCurrentProcess(), 99);
  if (setting("STRICT_FAIL_AT") != (DWORD)changes) return failing(target);
  SetLastError(ERROR_DISK_FULL);
  return TRUE;
}

static void remember(void *buffer, DWORD count) {
  for (int slot = 0; slot < MAX_OUTSTANDING; slot += 1) {
    if (outstanding[slot].buffer != NULL) continue;
    outstanding[slot].buffer = buffer;
    outstanding[slot].count = count;
    return;
  }
  insist(FALSE, "what CredRead and CredEnumerate return is freed");
}

static void insist_overwritten(const CREDENTIALW *credential) {
  for (DWORD index = 0; index < credential->CredentialBlobSize; index += 1)
    insist(credential->CredentialBlob[index] == 0, "a value is overwritten before it is freed");
}

BOOL WINAPI strict_CredReadW(LPCWSTR target, DWORD type, DWORD flags, PCREDENTIALW *out) {
  insist(target != NULL && type == CRED_TYPE_GENERIC && flags == 0 && out != NULL, "CredRead's arguments");
  if (failing(target)) return FALSE;
  if (!(in_memory() ? memory_read(target, out) : CredReadW(target, type, flags, out))) return FALSE;
  remember(*out, 0);
  return TRUE;
}

BOOL WINAPI strict_CredWriteW(PCREDENTIALW credential, DWORD flags) {
  insist(flags == 0 && credential->Flags == 0 && credential->Type == CRED_TYPE_GENERIC, "type and flags");
  insist(credential->Persist == CRED_PERSIST_ENTERPRISE, "Persist is ENTERPRISE");
  insist(credential->AttributeCount == 0 && credential->Attributes == NULL, "no attributes");
  insist(credential->TargetAlias == NULL, "no alias");
  if (failing_change(credential->TargetName)) return FALSE;
  if (credential->CredentialBlobSize > 5 * 512) {
    SetLastError(RPC_X_BAD_STUB_DATA); /* what Windows 10 answers to a blob that is too big */
    return FALSE;
  }
  if (wcslen(credential->TargetName) > CRED_MAX_GENERIC_TARGET_NAME_LENGTH ||
      wcslen(credential->Comment) > CRED_MAX_STRING_LENGTH) {
    SetLastError(ERROR_INVALID_PARAMETER);
    return FALSE;
  }
  if (wcslen(credential->UserName) > CRED_MAX_USERNAME_LENGTH) {
    SetLastError(ERROR_BAD_USERNAME);
    return FALSE;
  }
  return in_memory() ? memory_write(credential) : CredWriteW(credential, flags);
}

BOOL WINAPI strict_CredDeleteW(LPCWSTR target, DWORD type, DWORD flags) {
  insist(target != NULL && type == CRED_TYPE_GENERIC && flags == 0, "CredDelete's arguments");
  if (failing_change(target)) return FALSE;
  return in_memory() ? memory_delete(target) : CredDeleteW(target, type, flags);
}

BOOL WINAPI strict_CredEnumerateW(LPCWSTR filter, DWORD flags, DWORD *count,
                                                        PCREDENTIALW **out) {
  const WCHAR *star = filter == NULL ? NULL : wcschr(filter, L'*');
  insist(filter == NULL || (star != NULL && star[1] == 0), "a filter is a prefix and one asterisk");
  insist(flags == 0 && count != NULL && out != NULL, "CredEnumerate's arguments");
  if (failing(filter)) return FALSE;
  if (!(in_memory() ? memory_enumerate(filter, count, out) : CredEnumerateW(filter, flags, count, out))) return FALSE;
  remember(*out, *count);
  return TRUE;
}

void WINAPI strict_CredFree(PVOID buffer) {
  for (int slot = 0; slot < MAX_OUTSTANDING; slot += 1) {
    if (outstanding[slot].buffer != buffer || buffer == NULL) continue;
    if (outstanding[slot].count == 0) insist_overwritten(buffer);
    for (DWORD index = 0; index < outstanding[slot].count; index += 1)
      insist_overwritten(((PCREDENTIALW *)buffer)[index]);
    outstanding[slot].buffer = NULL;
    if (in_memory()) HeapFree(GetProcessHeap(), 0, buffer);
    else CredFree(buffer);
    return;
  }
  insist(FALSE, "only what was returned is freed, and once");
}

/* How many results have not been freed. */
int strict_outstanding(void) {
  int found = 0;
  for (int slot = 0; slot < MAX_OUTSTANDING; slot += 1) found += outstanding[slot].buffer != NULL;
  return found;
}
