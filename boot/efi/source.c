/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where config, kernel and ramdisk come from: a section of our own image as the firmware loaded it
 * (scripts/unify-efi puts them there), or a file on the volume that we came from. Secure Boot has
 * checked the image and nothing else, so with it files are refused.
 */
#include "boot/efi/efi.h"
#include "lib/string.h"
#include <pe.h>

#define MAX_PATH  512 /* characters */
#define MAX_TAKEN 8

static EFI_LOADED_IMAGE *self;
static bool secure_boot;
static struct {
	EFI_PHYSICAL_ADDRESS at;
	UINTN nr_pages;
} taken[MAX_TAKEN];
static unsigned int nr_taken;

EFI_STATUS pages_take(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN size, EFI_PHYSICAL_ADDRESS *at)
{
	UINTN nr_pages = EFI_SIZE_TO_PAGES(size);
	EFI_STATUS status = EFI_OUT_OF_RESOURCES;

	if (nr_taken < MAX_TAKEN)
		status = BS->AllocatePages(how, type, nr_pages, at);
	if (status == EFI_SUCCESS) {
		taken[nr_taken].at = *at;
		taken[nr_taken++].nr_pages = nr_pages;
	}
	return status;
}

void pages_free_all(void)
{
	while (nr_taken--)
		BS->FreePages(taken[nr_taken].at, taken[nr_taken].nr_pages);
}

void source_init(EFI_LOADED_IMAGE *image)
{
	static EFI_GUID global = EFI_GLOBAL_VARIABLE;
	UINT8 on = 0;
	UINTN size = sizeof(on);

	self = image;
	secure_boot = RT->GetVariable(L"SecureBoot", &global, NULL, &size, &on) == EFI_SUCCESS && on == 1;
}

static const IMAGE_SECTION_HEADER *find_section(const char *name)
{
	const IMAGE_DOS_HEADER *dos = self->ImageBase;
	const IMAGE_NT_HEADERS *nt = (void *)((UINT8 *)self->ImageBase + dos->e_lfanew);
	const IMAGE_SECTION_HEADER *s = (void *)((UINT8 *)&nt->OptionalHeader + nt->FileHeader.SizeOfOptionalHeader);

	for (unsigned int i = 0; i < nt->FileHeader.NumberOfSections; i++)
		if (!strncmp((const char *)s[i].Name, name, sizeof(s[i].Name)))
			return &s[i];
	return NULL;
}

static EFI_STATUS blob_take(struct blob *b, UINTN size, const char *name)
{
	EFI_PHYSICAL_ADDRESS at = LOW_END;
	EFI_STATUS status = pages_take(AllocateMaxAddress, EfiLoaderData, size + 1, &at);

	*b = (struct blob){ (UINT8 *)at, size };
	return status == EFI_SUCCESS ? status : fail(status, name, "has no room below 4 GiB");
}

static EFI_STATUS copy_section(struct blob *b, const IMAGE_SECTION_HEADER *s, const char *name)
{
	EFI_STATUS status = blob_take(b, s->Misc.VirtualSize, name);

	if (status == EFI_SUCCESS)
		memcpy(b->at, (UINT8 *)self->ImageBase + s->VirtualAddress, b->size);
	return status;
}

/* The file's path on the volume: from our own folder, unless it begins with a backslash. */
static EFI_STATUS make_path(CHAR16 *path, const char *file)
{
	CHAR16 *own = self->FilePath ? DevicePathToStr(self->FilePath) : NULL;
	UINTN n = own && *file != '\\' && *file != '/' ? StrLen(own) : 0;

	while (n && own[n - 1] != '\\')
		n--;
	if (n + strlen(file) >= MAX_PATH)
		return fail(EFI_INVALID_PARAMETER, file, "is too long a path");
	memcpy(path, own, n * sizeof(*path));
	FreePool(own);
	do
		path[n++] = *file == '/' ? '\\' : (CHAR16)(UINT8)*file;
	while (*file++);
	return EFI_SUCCESS;
}

static EFI_STATUS read_all(struct blob *b, EFI_FILE_HANDLE f, const char *name)
{
	EFI_FILE_INFO *info = LibFileInfo(f);
	UINTN size = info ? info->FileSize : 0;
	EFI_STATUS status = size ? blob_take(b, size, name) : fail(EFI_LOAD_ERROR, name, "is empty");

	FreePool(info);
	if (status != EFI_SUCCESS)
		return status;
	status = f->Read(f, &b->size, b->at);
	if (status == EFI_SUCCESS && b->size != size)
		status = EFI_END_OF_FILE;
	return status == EFI_SUCCESS ? status : fail(status, name, "cannot be read");
}

static EFI_STATUS read_file(struct blob *b, const char *file)
{
	CHAR16 path[MAX_PATH];
	EFI_FILE_HANDLE root, f;
	EFI_STATUS status = make_path(path, file);

	if (status != EFI_SUCCESS)
		return status;
	root = LibOpenRoot(self->DeviceHandle);
	if (!root)
		return fail(EFI_NO_MEDIA, file, "is nowhere: this image did not come from a file system");
	status = root->Open(root, &f, path, EFI_FILE_MODE_READ, 0);
	root->Close(root);
	if (status != EFI_SUCCESS)
		return fail(status, file, "cannot be opened");
	status = read_all(b, f, file);
	f->Close(f);
	return status;
}

EFI_STATUS source_get(struct blob *b, const char *section, const char *file)
{
	const IMAGE_SECTION_HEADER *s = find_section(section);

	if (s)
		return copy_section(b, s, section);
	if (!*file)
		return EFI_SUCCESS;
	if (secure_boot)
		return fail(EFI_SECURITY_VIOLATION, section,
			    "is no section of this image, and with Secure Boot on no file is used");
	return read_file(b, file);
}
