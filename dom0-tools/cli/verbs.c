/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of verbs and their options. */
#include "dom0-tools/cli/cli.h"

#define END { 0 }

static const struct cli_opt create_opts[] = {
	{ 'c', "console", NULL, "attach to the guest's console once it runs (Ctrl-] leaves)" },
	{ 'p', "paused", NULL, "leave the guest paused" },
	{ 'n', "dryrun", NULL, "check everything and print the configuration, but create nothing" },
	{ 'q', "quiet", NULL, "say nothing unless something is wrong" },
	{ 'e', "exit", NULL, "do not wait in the background for the guest's end" },
	{ 'F', "foreground", NULL, "wait in the foreground for the guest's end" },
	{ 1, "cloud-init", "FILE", "user-data for cloud-init, as the key cloud_init" },
	{ 'f', "defconfig", "FILE", "the configuration file, instead of the first argument" },
	END
};
static const struct cli_opt list_opts[] = {
	{ 'l', "long", NULL, "print all that is known, as JSON" },
	{ 'v', "verbose", NULL, "print UUID, shutdown reason and security label too" },
	{ 1, "json", NULL, "print the table as JSON" },
	END
};
static const struct cli_opt json_opts[] = {
	{ 1, "json", NULL, "print as JSON" },
	END
};
static const struct cli_opt dmesg_opts[] = {
	{ 'c', "clear", NULL, "empty the log after printing it" },
	END
};
static const struct cli_opt uptime_opts[] = {
	{ 's', "short", NULL, "print one short line per domain, with the time of day" },
	END
};
static const struct cli_opt doctor_opts[] = {
	{ 'r', "root", "DIR", "look at the system below DIR" },
	{ 1, "json", NULL, "print as JSON" },
	END
};
static const struct cli_opt down_opts[] = {
	{ 'a', "all", NULL, "all guests" },
	{ 'w', "wait", NULL, "wait until done" },
	{ 't', "timeout", "SECONDS", "wait, but not for longer; name who has not shut down" },
	{ 'F', NULL, NULL, "accepted for xl's sake: a PVH guest has no other way to be asked" },
	END
};
static const struct cli_opt destroy_opts[] = {
	{ 'f', "force", NULL, "allow domain 0" },
	END
};
static const struct cli_opt detach_opts[] = {
	{ 'f', "force", NULL, "take it away even if the guest does not let go of it" },
	END
};
static const struct cli_opt sched_opts[] = {
	{ 'd', "domain", "DOMAIN", "the domain (without: show all)" },
	{ 'w', "weight", "WEIGHT", "its share, 1 to 65535; 256 is the default" },
	{ 'c', "cap", "CAP", "its limit in percent of one CPU; 0 is none" },
	END
};

static const struct cli_opt mem_set_opts[] = {
	{ 'n', "no-wait", NULL, "do not wait for the guest's balloon" },
	END
};
static const struct cli_opt vcpu_set_opts[] = {
	{ 'i', "ignore-host", NULL, "allow more than this machine has CPUs" },
	{ 'n', "no-wait", NULL, "do not wait for the guest to do it" },
	END
};

static const struct cli_opt top_opts[] = {
	{ 'b', "batch", NULL, "print lines instead of a screen that changes" },
	{ 'd', "delay", "SECONDS", "between two samples; 3 by default" },
	{ 'i', "iterations", "NUMBER", "end after so many samples" },
	{ 'f', "full-name", NULL, "do not cut names after ten letters" },
	{ 1, "json", NULL, "print one line of JSON per sample" },
	END
};

const struct cli_verb cli_verbs[] = {
	{ "create", "[CONFIG-FILE] [KEY=VALUE...]", "create a guest from a configuration file", 0,
	  ANY_NUMBER, create_opts, .no_hl = true, cmd_create },
	{ "list", "[DOMAIN...]", "list domains", 0, ANY_NUMBER, list_opts, .run = cmd_list },
	{ "console", "DOMAIN", "attach to a guest's console", 1, 1, .run = cmd_console },
	{ "shutdown", "DOMAIN...", "ask guests to shut down", 0, ANY_NUMBER, down_opts,
	  .run = cmd_shutdown },
	{ "reboot", "DOMAIN...", "ask guests to reboot", 0, ANY_NUMBER, down_opts,
	  .run = cmd_reboot },
	{ "destroy", "DOMAIN", "end a guest at once", 1, 1, destroy_opts, .run = cmd_destroy },
	{ "pause", "DOMAIN", "stop a guest's vCPUs", 1, 1, .run = cmd_pause },
	{ "unpause", "DOMAIN", "let a paused guest run", 1, 1, .run = cmd_unpause },
	{ "info", "", "show the machine and the hypervisor", 0, 0, json_opts, .run = cmd_info },
	{ "dmesg", "", "print the hypervisor's log", 0, 0, dmesg_opts, .run = cmd_dmesg },
	{ "vcpu-list", "[DOMAIN...]", "list vCPUs, where and how long they ran", 0, ANY_NUMBER,
	  json_opts, .run = cmd_vcpu_list },
	{ "top", "", "watch what domains use", 0, 0, top_opts, .run = cmd_top },
	{ "domid", "NAME", "print the id of a domain", 1, 1, .run = cmd_domid },
	{ "domname", "ID", "print the name of a domain", 1, 1, .run = cmd_domname },
	{ "uptime", "[DOMAIN...]", "print how long domains have run", 0, ANY_NUMBER, uptime_opts,
	  .run = cmd_uptime },
	{ "rename", "DOMAIN NEW-NAME", "rename a guest", 2, 2, .run = cmd_rename },
	{ "debug-keys", "KEYS", "press the hypervisor's debug keys", 1, 1, .run = cmd_debug_keys },
	{ "sched-credit2", "", "show or set a domain's share of the CPUs", 0, 0, sched_opts,
	  .run = cmd_sched_credit2 },
	{ "vcpu-pin", "DOMAIN VCPU|all CPUS|all", "choose the CPUs that a vCPU may run on", 3, 4,
	  .run = cmd_vcpu_pin },
	{ "vcpu-set", "DOMAIN COUNT", "choose how many of its vCPUs a domain uses", 2, 2,
	  vcpu_set_opts, .run = cmd_vcpu_set },
	{ "mem-set", "DOMAIN MEMORY[b|k|m|g|t]",
	  "let a domain give memory back, or take some (in MiB by default)", 2, 2, mem_set_opts,
	  .run = cmd_mem_set },
	{ "mem-max", "DOMAIN MEMORY[b|k|m|g|t]",
	  "limit the memory that a domain can have (in MiB by default)", 2, 2, .run = cmd_mem_max },
	{ "sysrq", "DOMAIN KEY", "press a magic SysRq key in a guest", 2, 2, .run = cmd_sysrq },
	{ "trigger", "DOMAIN nmi|reset|init|power|sleep|s3resume [VCPU]",
	  "send a guest's vCPU an NMI (the others: refused, PVH guests have none)", 2, 3,
	  .run = cmd_trigger },
	{ "block-attach", "DOMAIN DISK...", "attach a disk, described as in a configuration file",
	  2, ANY_NUMBER, .run = cmd_block_attach },
	{ "block-detach", "DOMAIN VDEV", "take a disk away", 2, 2, detach_opts,
	  .run = cmd_block_detach },
	{ "block-list", "DOMAIN...", "list guests' disks", 1, ANY_NUMBER, json_opts,
	  .run = cmd_block_list },
	{ "block-resize", "DOMAIN VDEV", "take over the new size of a disk's image or device", 2, 2,
	  .run = cmd_block_resize },
	{ "network-attach", "DOMAIN [KEY=VALUE...]", "give a guest a network interface", 1,
	  ANY_NUMBER, .run = cmd_network_attach },
	{ "network-detach", "DOMAIN NUMBER|MAC", "take a network interface from a guest", 2, 2,
	  detach_opts, .run = cmd_network_detach },
	{ "network-list", "DOMAIN...", "list guests' network interfaces", 1, ANY_NUMBER, json_opts,
	  .run = cmd_network_list },
	{ "network-default", "start|stop|status",
	  "the network of interfaces that name no bridge (start is automatic)", 1, 1, .no_hl = true,
	  .run = cmd_network_default },
	{ "doctor", "", "look for what would keep this machine from booting Helium", 0, 0,
	  doctor_opts, .no_hl = true, cmd_doctor },
	{ "help", "[VERB]", "describe all verbs, or one", 0, 1, .no_hl = true, .run = cmd_help },
};
const unsigned int cli_nr_verbs = sizeof(cli_verbs) / sizeof(cli_verbs[0]);
