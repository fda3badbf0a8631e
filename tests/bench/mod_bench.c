/* A measuring instrument that FreeSWITCH loads: it asks the lookups that mod_sofia asks, times each one,
 * and can itself answer them from a constant, as the floor that no module can be faster than.
 * Built by `make bench` against the headers of the FreeSWITCH that it measures; part of no package. */
#include <switch.h>
#include <time.h>

SWITCH_MODULE_LOAD_FUNCTION(mod_bench_load);
SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_bench_shutdown);
SWITCH_MODULE_DEFINITION(mod_bench, mod_bench_load, mod_bench_shutdown, NULL);

static switch_xml_binding_t *canned_binding;
static char *canned_text;

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

/* The floor: one parse of a constant, which is what FreeSWITCH makes of any answer. */
static switch_xml_t canned_search(const char *section, const char *tag_name, const char *key_name,
	const char *key_value, switch_event_t *params, void *user_data)
{
	return canned_text ? switch_xml_parse_str_dynamic(canned_text, SWITCH_TRUE) : NULL;
}

typedef struct {
	const char *domain;
	const char *prefix;   /* usernames are prefix + number */
	uint32_t first, users, calls;
	uint32_t seed;
	uint64_t *times;
	uint32_t missed;
} job_t;

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* The parameters of a digest check (sofia_reg_parse_auth), those that decide anything. */
static switch_event_t *sip_auth_params(const char *user, const char *domain)
{
	switch_event_t *params = NULL;
	switch_event_create(&params, SWITCH_EVENT_REQUEST_PARAMS);
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "action", "sip_auth");
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_profile", "internal");
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_auth_method", "REGISTER");
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_auth_username", user);
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_auth_realm", domain);
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_to_user", user);
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_to_host", domain);
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_from_user", user);
	switch_event_add_header_string(params, SWITCH_STACK_BOTTOM, "sip_from_host", domain);
	return params;
}

static void *SWITCH_THREAD_FUNC locate_thread(switch_thread_t *thread, void *obj)
{
	job_t *job = (job_t *) obj;
	char user[128];
	uint32_t i;

	for (i = 0; i < job->calls; i++) {
		switch_xml_t x_user = NULL;
		switch_event_t *params;
		uint64_t start;
		switch_snprintf(user, sizeof(user), "%s%u", job->prefix, job->first + next_random(&job->seed) % job->users);
		params = sip_auth_params(user, job->domain);
		start = now_ns();
		if (switch_xml_locate_user_merged("id", user, job->domain, NULL, &x_user, params) == SWITCH_STATUS_SUCCESS) {
			switch_xml_free(x_user);
		} else {
			job->missed++;
		}
		job->times[i] = now_ns() - start;
		switch_event_destroy(&params);
	}
	return NULL;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
	return x < y ? -1 : x > y;
}

#define LOCATE_SYNTAX "DOMAIN PREFIX FIRST USERS CALLS THREADS"
/* Prints `calls_per_second mean_ns p50_ns p99_ns p99.9_ns max_ns missed`. */
SWITCH_STANDARD_API(bench_locate_function)
{
	char *mine, *argv[6] = { 0 };
	job_t jobs[16];
	switch_thread_t *threads[16];
	switch_memory_pool_t *pool = NULL;
	switch_threadattr_t *attr = NULL;
	uint64_t *times, begun, wall, sum = 0;
	uint32_t calls, count, t, total, missed = 0;
	switch_status_t status;

	if (zstr(cmd) || !(mine = strdup(cmd))) {
		stream->write_function(stream, "-USAGE: %s\n", LOCATE_SYNTAX);
		return SWITCH_STATUS_SUCCESS;
	}
	if (switch_separate_string(mine, ' ', argv, 6) != 6 || (count = (uint32_t) atoi(argv[5])) < 1 || count > 16
		|| (calls = (uint32_t) atoi(argv[4])) < 1 || atoi(argv[3]) < 1) {
		stream->write_function(stream, "-USAGE: %s\n", LOCATE_SYNTAX);
		free(mine);
		return SWITCH_STATUS_SUCCESS;
	}
	total = calls * count;
	times = malloc(total * sizeof(*times));
	switch_assert(times);
	switch_core_new_memory_pool(&pool);
	switch_threadattr_create(&attr, pool);
	switch_threadattr_stacksize_set(attr, SWITCH_THREAD_STACKSIZE);
	begun = now_ns();
	for (t = 0; t < count; t++) {
		jobs[t] = (job_t) { .domain = argv[0], .prefix = strcmp(argv[1], "-") ? argv[1] : "", .first = (uint32_t) atoi(argv[2]),
			.users = (uint32_t) atoi(argv[3]), .calls = calls, .seed = 2463534242u + t * 7919u, .times = times + t * calls };
		switch_thread_create(&threads[t], attr, locate_thread, &jobs[t], pool);
	}
	for (t = 0; t < count; t++) {
		switch_thread_join(&status, threads[t]);
		missed += jobs[t].missed;
	}
	wall = now_ns() - begun;
	for (t = 0; t < total; t++) sum += times[t];
	qsort(times, total, sizeof(*times), by_time);
	stream->write_function(stream, "%.0f %.0f %llu %llu %llu %llu %u\n", total / (wall / 1e9), (double) sum / total,
		(unsigned long long) times[total / 2], (unsigned long long) times[(uint64_t) total * 99 / 100],
		(unsigned long long) times[(uint64_t) total * 999 / 1000], (unsigned long long) times[total - 1], missed);
	free(times);
	free(mine);
	switch_core_destroy_memory_pool(&pool);
	return SWITCH_STATUS_SUCCESS;
}

/* `bench_canned FILE`: from now on answer every directory lookup with that file's text. */
SWITCH_STANDARD_API(bench_canned_function)
{
	FILE *file;
	char *text;
	size_t read;

	if (zstr(cmd) || !(file = fopen(cmd, "r"))) {
		stream->write_function(stream, "-ERR cannot read %s\n", cmd ? cmd : "");
		return SWITCH_STATUS_SUCCESS;
	}
	text = calloc(1, 1 << 20);
	switch_assert(text);
	read = fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	canned_text = text; /* one measurement, one process: the old text is left behind */
	if (!canned_binding) {
		switch_xml_bind_search_function_ret(canned_search, SWITCH_XML_SECTION_DIRECTORY, NULL, &canned_binding);
	}
	stream->write_function(stream, "+OK %d bytes\n", (int) read);
	return SWITCH_STATUS_SUCCESS;
}

SWITCH_MODULE_LOAD_FUNCTION(mod_bench_load)
{
	switch_api_interface_t *api;
	*module_interface = switch_loadable_module_create_module_interface(pool, modname);
	SWITCH_ADD_API(api, "bench_locate", "time directory lookups", bench_locate_function, LOCATE_SYNTAX);
	SWITCH_ADD_API(api, "bench_canned", "answer from a constant", bench_canned_function, "FILE");
	return SWITCH_STATUS_SUCCESS;
}

SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_bench_shutdown)
{
	if (canned_binding) {
		switch_xml_unbind_search_function(&canned_binding);
	}
	return SWITCH_STATUS_SUCCESS;
}
