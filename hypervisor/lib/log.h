/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages. Each goes to the console ring (hl dmesg) and, by loglvl=, to the console itself. */
#pragma once

#include "lib/compiler.h"

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Implemented by x86/console.c, by a fake for host tests. A message is one line and ends with "\n". */
void log_at(enum log_level level, const char *fmt, ...) __printf(2, 3);
/* The same for what a guest can provoke: obeys guest_loglvl= and a rate limit. */
void guest_log_at(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define log_err(...)	log_at(LOG_ERR, __VA_ARGS__)
#define log_warn(...)	log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)	log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	log_at(LOG_DEBUG, __VA_ARGS__)
#define guest_warn(...)	guest_log_at(LOG_WARN, __VA_ARGS__)
#define guest_info(...)	guest_log_at(LOG_INFO, __VA_ARGS__)
#define guest_debug(...) guest_log_at(LOG_DEBUG, __VA_ARGS__)
