/*
 * bcryptprimitives.dll for Wine 8, which has none: the one function that Bun's Windows binary takes from it.
 * Test support: lies beside the .exe under test and is never shipped.
 */
#include <windows.h>

/* advapi32 exports RtlGenRandom under this name only. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
  return SystemFunction036(buffer, (ULONG)length);
}
