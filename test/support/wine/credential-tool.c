/*
 * "Another program" on Windows: reads, writes, deletes and lists generic credentials through wincred.h, with
 * nothing of gum-cred's in it. The tests look at the raw entries with it, and Python keyring's own Windows
 * backend runs on top of it (python-keyring.py).
 *
 * One command a line on stdin, one answer a line on stdout. Texts and blobs are hexadecimal (texts UTF-16-LE),
 * "-" when empty.
 *   read TARGET                               ok TARGET USER COMMENT TYPE PERSIST BLOB | error N
 *   write TARGET USER COMMENT PERSIST BLOB    ok | error N
 *   delete TARGET                             ok | error N
 *   list                                      the answers of "read" for each of them, then: end
 */
#include <windows.h>
#include <wincred.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE 65536
static char line[MAX_LINE];

/* Decodes a field in place; two zero bytes follow the result. Returns its length in bytes. */
static DWORD unhex(char *field) {
  size_t length = strcmp(field, "-") == 0 ? 0 : strlen(field) / 2;
  for (size_t index = 0; index < length; index += 1) {
    char pair[3] = {field[2 * index], field[2 * index + 1], 0};
    field[index] = (char)strtoul(pair, NULL, 16);
  }
  field[length] = field[length + 1] = 0;
  return (DWORD)length;
}

static void print_hex(const void *bytes, size_t length) {
  putchar(' ');
  if (length == 0) putchar('-');
  for (size_t index = 0; index < length; index += 1) printf("%02x", ((const unsigned char *)bytes)[index]);
}

static void print_text(LPCWSTR text) { print_hex(text, text == NULL ? 0 : wcslen(text) * sizeof(WCHAR)); }

static void print_credential(const CREDENTIALW *credential) {
  printf("ok");
  print_text(credential->TargetName);
  print_text(credential->UserName);
  print_text(credential->Comment);
  printf(" %lu %lu", credential->Type, credential->Persist);
  print_hex(credential->CredentialBlob, credential->CredentialBlobSize);
  printf("\n");
}

static void answer(BOOL succeeded) {
  if (succeeded) printf("ok\n");
  else printf("error %lu\n", GetLastError());
}

static void list(void) {
  DWORD count = 0;
  PCREDENTIALW *all = NULL;
  if (CredEnumerateW(NULL, 0, &count, &all)) {
    for (DWORD index = 0; index < count; index += 1) print_credential(all[index]);
    CredFree(all);
  }
  printf("end\n");
}

/* A field has room for two more bytes than its digits take: an aligned copy is what the API wants. */
static WCHAR *text(char *field) {
  DWORD length = unhex(field);
  WCHAR *copy = calloc(length + sizeof(WCHAR), 1);
  memcpy(copy, field, length);
  return copy;
}

static BOOL write(char *fields[]) {
  CREDENTIALW credential = {0};
  credential.Type = CRED_TYPE_GENERIC;
  credential.TargetName = text(fields[1]);
  credential.UserName = text(fields[2]);
  credential.Comment = text(fields[3]);
  credential.Persist = strtoul(fields[4], NULL, 10);
  credential.CredentialBlobSize = unhex(fields[5]);
  credential.CredentialBlob = (LPBYTE)fields[5];
  return CredWriteW(&credential, 0);
}

int main(void) {
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *fields[6] = {0};
    int count = 0;
    for (char *field = strtok(line, " \r\n"); field != NULL && count < 6; field = strtok(NULL, " \r\n"))
      fields[count++] = field;
    PCREDENTIALW found = NULL;
    if (count == 1 && strcmp(fields[0], "list") == 0) list();
    else if (count == 6 && strcmp(fields[0], "write") == 0) answer(write(fields));
    else if (count == 2 && strcmp(fields[0], "delete") == 0)
      answer(CredDeleteW(text(fields[1]), CRED_TYPE_GENERIC, 0));
    else if (count == 2 && strcmp(fields[0], "read") == 0 && CredReadW(text(fields[1]), CRED_TYPE_GENERIC, 0, &found)) {
      print_credential(found);
      CredFree(found);
    } else answer(FALSE);
    fflush(stdout);
  }
  return 0;
}
