/*
 * The part of FreeSWITCH's C ABI that mod_pbx uses, in our own words: nothing here is copied code.
 * Each declaration names the FreeSWITCH header that it mirrors; its own name is the one it has there.
 *
 * Holds for FreeSWITCH 1.10.12 to 1.11.x (SWITCH_API_VERSION 5). tests/abi.rs compares every size,
 * offset, constant and function type with the headers of an installed FreeSWITCH.
 *
 * Enumerations list only the values that we name; a value that moves between releases, such as
 * SWITCH_EVENT_ALL, must not be listed. Structs that we only ever point to stay incomplete.
 */
#ifndef FREESWITCH_ABI_H
#define FREESWITCH_ABI_H

#include <stddef.h>
#include <stdint.h>

/* ---- switch_platform.h, switch_apr.h: basic types ------------------------------------------------ */

/** switch_platform.h */
typedef size_t switch_size_t;
/** switch_types.h: made by the core for each module, destroyed with it */
typedef struct fspr_pool_t switch_memory_pool_t;
/** switch_apr.h */
typedef struct fspr_thread_mutex_t switch_mutex_t;
/** switch_apr.h */
typedef struct fspr_thread_rwlock_t switch_thread_rwlock_t;

/* ---- switch_types.h: enumerations ---------------------------------------------------------------- */

/** switch_types.h */
typedef enum {
	SWITCH_FALSE = 0,
	SWITCH_TRUE = 1
} switch_bool_t;

/** switch_types.h */
typedef enum {
	SWITCH_STATUS_SUCCESS = 0,
	SWITCH_STATUS_FALSE = 1,
	SWITCH_STATUS_MEMERR = 6,
	SWITCH_STATUS_GENERR = 9,
	SWITCH_STATUS_NOTFOUND = 14,
	SWITCH_STATUS_NOUNLOAD = 16,
	SWITCH_STATUS_TERM = 21
} switch_status_t;

/** switch_types.h: why a call ends */
typedef enum {
	SWITCH_CAUSE_CALL_REJECTED = 21
} switch_call_cause_t;

/** switch_types.h; DISABLE is here because it makes the type signed */
typedef enum {
	SWITCH_LOG_DEBUG = 7,
	SWITCH_LOG_INFO = 6,
	SWITCH_LOG_NOTICE = 5,
	SWITCH_LOG_WARNING = 4,
	SWITCH_LOG_ERROR = 3,
	SWITCH_LOG_CRIT = 2,
	SWITCH_LOG_ALERT = 1,
	SWITCH_LOG_CONSOLE = 0,
	SWITCH_LOG_DISABLE = -1
} switch_log_level_t;

/** switch_types.h */
typedef enum {
	SWITCH_CHANNEL_ID_LOG = 0,
	SWITCH_CHANNEL_ID_LOG_CLEAN = 1
} switch_text_channel_t;

/** switch_types.h: which kinds of look-up a search function is asked */
typedef enum {
	SWITCH_XML_SECTION_CONFIG = (1 << 0),
	SWITCH_XML_SECTION_DIRECTORY = (1 << 1),
	SWITCH_XML_SECTION_DIALPLAN = (1 << 2),
	SWITCH_XML_SECTION_LANGUAGES = (1 << 3),
	SWITCH_XML_SECTION_CHATPLAN = (1 << 4),
	SWITCH_XML_SECTION_CHANNELS = (1 << 5)
} switch_xml_section_enum_t;
/** switch_types.h: a mask of the above */
typedef uint32_t switch_xml_section_t;

/** switch_types.h */
typedef enum {
	SWITCH_APPLICATION_INTERFACE = 4,
	SWITCH_API_INTERFACE = 5
} switch_module_interface_name_t;

/** switch_types.h */
typedef enum {
	SWITCH_STACK_BOTTOM = (1 << 0),
	SWITCH_STACK_TOP = (1 << 1)
} switch_stack_t;

/** switch_types.h */
typedef enum {
	SWITCH_PRIORITY_NORMAL = 0
} switch_priority_t;

/** switch_types.h; only numbers that are the same in every release that we support */
typedef enum {
	SWITCH_EVENT_CUSTOM = 0,
	SWITCH_EVENT_CLONE = 1,
	SWITCH_EVENT_CHANNEL_CREATE = 2,
	SWITCH_EVENT_CHANNEL_CALLSTATE = 5,
	SWITCH_EVENT_CHANNEL_ANSWER = 6,
	SWITCH_EVENT_CHANNEL_HANGUP_COMPLETE = 8,
	SWITCH_EVENT_CHANNEL_BRIDGE = 13,
	SWITCH_EVENT_API = 23,
	SWITCH_EVENT_MODULE_LOAD = 34,
	SWITCH_EVENT_MODULE_UNLOAD = 35,
	SWITCH_EVENT_PRESENCE_IN = 38,
	SWITCH_EVENT_PRESENCE_PROBE = 41,
	SWITCH_EVENT_RELOADXML = 56,
	SWITCH_EVENT_REQUEST_PARAMS = 62,
	SWITCH_EVENT_GENERAL = 64
} switch_event_types_t;

/** switch_event.h: with UNIQ_HEADERS a header added again replaces the one there is */
typedef enum {
	EF_UNIQ_HEADERS = (1 << 0)
} switch_event_flag_t;

/** switch_types.h */
typedef uint32_t switch_module_flag_t;

/* ---- forward declarations ------------------------------------------------------------------------ */

/** switch_types.h */
typedef struct switch_core_session switch_core_session_t;
/** switch_types.h */
typedef struct switch_channel switch_channel_t;
/** switch_types.h */
typedef struct switch_state_handler_table switch_state_handler_table_t;
/** switch_types.h */
typedef struct switch_loadable_module_interface switch_loadable_module_interface_t;
/** switch_types.h */
typedef struct switch_xml_binding switch_xml_binding_t;
/** switch_types.h */
typedef struct switch_event_node switch_event_node_t;
/** switch_types.h */
typedef struct switch_event switch_event_t;
/** switch_types.h */
typedef struct switch_event_header switch_event_header_t;
/** switch_types.h */
typedef struct switch_stream_handle switch_stream_handle_t;
/** switch_types.h */
typedef struct switch_api_interface switch_api_interface_t;
/** switch_types.h */
typedef struct switch_application_interface switch_application_interface_t;
/** switch_types.h */
typedef struct switch_xml *switch_xml_t;

/* ---- modules: switch_types.h, switch_loadable_module.h, switch_module_interfaces.h ---------------- */

/** switch_types.h: a module whose table has another number is not loaded */
#define SWITCH_API_VERSION 5

/** switch_types.h; what SWITCH_MODULE_LOAD_ARGS expands to */
typedef switch_status_t (*switch_module_load_t) (switch_loadable_module_interface_t **module_interface,
												 switch_memory_pool_t *pool);
/** switch_types.h */
typedef switch_status_t (*switch_module_runtime_t) (void);
/** switch_types.h */
typedef switch_status_t (*switch_module_shutdown_t) (void);

/** switch_types.h: what the core looks up as FILE_module_interface */
typedef struct switch_loadable_module_function_table {
	int switch_api_version;
	switch_module_load_t load;
	switch_module_shutdown_t shutdown;
	switch_module_runtime_t runtime;
	switch_module_flag_t flags;
} switch_loadable_module_function_table_t;

/** switch_types.h; cmd and session may be NULL */
typedef switch_status_t (*switch_api_function_t) (const char *cmd, switch_core_session_t *session,
												  switch_stream_handle_t *stream);

/** switch_module_interfaces.h */
struct switch_api_interface {
	const char *interface_name;
	const char *desc;
	switch_api_function_t function;
	const char *syntax;
	switch_thread_rwlock_t *rwlock;
	int refs;
	switch_mutex_t *reflock;
	switch_loadable_module_interface_t *parent;
	struct switch_api_interface *next;
};

/** switch_types.h; the second, its data, may be NULL; runs on the thread of the call's session */
typedef void (*switch_application_function_t) (switch_core_session_t *, const char *);

/** switch_module_interfaces.h: what a dialplan's action names */
struct switch_application_interface {
	const char *interface_name;
	switch_application_function_t application_function;
	const char *long_desc;
	const char *short_desc;
	const char *syntax;
	uint32_t flags;
	switch_thread_rwlock_t *rwlock;
	int refs;
	switch_mutex_t *reflock;
	switch_loadable_module_interface_t *parent;
	struct switch_application_interface *next;
};

/** switch_types.h */
typedef uint8_t *(*switch_stream_handle_read_function_t) (switch_stream_handle_t *handle, int *len);
/** switch_types.h */
typedef switch_status_t (*switch_stream_handle_write_function_t) (switch_stream_handle_t *handle,
																  const char *fmt, ...);
/** switch_types.h */
typedef switch_status_t (*switch_stream_handle_raw_write_function_t) (switch_stream_handle_t *handle,
																	  uint8_t *data, switch_size_t datalen);

/** switch_module_interfaces.h: where a command writes its answer */
struct switch_stream_handle {
	switch_stream_handle_read_function_t read_function;
	switch_stream_handle_write_function_t write_function;
	switch_stream_handle_raw_write_function_t raw_write_function;
	void *data;
	void *end;
	switch_size_t data_size;
	switch_size_t data_len;
	switch_size_t alloc_len;
	switch_size_t alloc_chunk;
	switch_event_t *param_event;
};

/** switch_core.h; aborts when out of memory */
switch_loadable_module_interface_t *switch_loadable_module_create_module_interface(switch_memory_pool_t *pool,
																				   const char *name);
/** switch_core.h; the interface is zeroed, and the module's */
void *switch_loadable_module_create_interface(switch_loadable_module_interface_t *mod,
											  switch_module_interface_name_t iname);
/** switch_loadable_module.h */
switch_status_t switch_loadable_module_exists(const char *mod);
/** switch_loadable_module.h; writes "INVALID COMMAND!" and returns FALSE when there is no such command */
switch_status_t switch_api_execute(const char *cmd, const char *arg, switch_core_session_t *session,
								   switch_stream_handle_t *stream);

/* ---- the core: switch_core.h, switch_log.h ------------------------------------------------------- */

/** switch_core.h; the caller frees the answer with free() */
char *switch_core_get_variable_dup(const char *varname);
/** switch_core.h */
const char *switch_version_full(void);
/** switch_core.h; the session has it as long as it lives */
switch_channel_t *switch_core_session_get_channel(switch_core_session_t *session);
/** switch_core.h; as above */
char *switch_core_session_get_uuid(switch_core_session_t *session);
/** switch_channel.h; with dup the answer lives as long as the session; idx is -1 for the whole of it; NULL: there is none */
const char *switch_channel_get_variable_dup(switch_channel_t *channel, const char *varname, switch_bool_t dup,
											int idx);
/** switch_ivr.h; marks the channel as ended and returns; FALSE: there is none, or it has ended */
switch_status_t switch_ivr_kill_uuid(const char *uuid, switch_call_cause_t cause);
/** switch_log.h; safe from any thread; `file` and `fmt` are both used as format text */
void switch_log_printf(switch_text_channel_t channel, const char *file, const char *func, int line,
					   const char *userdata, switch_log_level_t level, const char *fmt, ...);

/** switch_types.h; runs on the session's thread; SUCCESS: the next one, and at last the core's own */
typedef switch_status_t (*switch_state_handler_t) (switch_core_session_t *);
/** switch_module_interfaces.h */
struct switch_state_handler_table {
	switch_state_handler_t on_init;
	switch_state_handler_t on_routing;
	switch_state_handler_t on_execute;
	switch_state_handler_t on_hangup;
	switch_state_handler_t on_exchange_media;
	switch_state_handler_t on_soft_execute;
	switch_state_handler_t on_consume_media;
	switch_state_handler_t on_hibernate;
	switch_state_handler_t on_reset;
	switch_state_handler_t on_park;
	switch_state_handler_t on_reporting;
	switch_state_handler_t on_destroy;
	int flags;
	void *padding[10];
};
/** switch_core.h; kept, not copied; negative: there are too many */
int switch_core_add_state_handler(const switch_state_handler_table_t *state_handler);
/** switch_core.h; does not wait for who is in it */
void switch_core_remove_state_handler(const switch_state_handler_table_t *state_handler);

/* ---- the console: switch_types.h, switch_console.h ------------------------------------------------ */

/** switch_console.h: the size of a new stream's buffer, and by how much it grows */
#define SWITCH_CMD_CHUNK_LEN 1024

/** switch_types.h */
struct switch_console_callback_match_node {
	char *val;
	struct switch_console_callback_match_node *next;
};
/** switch_types.h */
struct switch_console_callback_match {
	struct switch_console_callback_match_node *head;
	struct switch_console_callback_match_node *end;
	int count;
	int dynamic;
};
/** switch_types.h */
typedef struct switch_console_callback_match switch_console_callback_match_t;
/** switch_types.h; the line, its last word, and where to leave the matches (not initialised by the core) */
typedef switch_status_t (*switch_console_complete_callback_t) (const char *, const char *,
															   switch_console_callback_match_t **matches);

/** switch_core.h; "add …" and "del …", kept in the core's database */
switch_status_t switch_console_set_complete(const char *string);
/** switch_console.h */
switch_status_t switch_console_add_complete_func(const char *name, switch_console_complete_callback_t cb);
/** switch_console.h; waits for a running callback */
switch_status_t switch_console_del_complete_func(const char *name);
/** switch_console.h */
void switch_console_push_match(switch_console_callback_match_t **matches, const char *new_val);
/** switch_console.h */
void switch_console_free_matches(switch_console_callback_match_t **matches);
/** switch_console.h: the write function of a stream that collects text */
switch_status_t switch_console_stream_write(switch_stream_handle_t *handle, const char *fmt, ...);
/** switch_console.h */
switch_status_t switch_console_stream_raw_write(switch_stream_handle_t *handle, uint8_t *data,
												switch_size_t datalen);

/* ---- events: switch_event.h ----------------------------------------------------------------------- */

/** switch_event.h */
struct switch_event_header {
	char *name;
	char *value;
	char **array;
	int idx;
	unsigned long hash;
	struct switch_event_header *next;
};

/** switch_event.h */
struct switch_event {
	switch_event_types_t event_id;
	switch_priority_t priority;
	char *owner;
	char *subclass_name;
	switch_event_header_t *headers;
	switch_event_header_t *last_header;
	char *body;
	void *bind_user_data;
	void *event_user_data;
	unsigned long key;
	struct switch_event *next;
	int flags;
};

/** switch_types.h; called on the core's dispatch thread, under the lock that unbind takes */
typedef void (*switch_event_callback_t) (switch_event_t *);

/** switch_event.h */
switch_status_t switch_event_bind_removable(const char *id, switch_event_types_t event,
											const char *subclass_name, switch_event_callback_t callback,
											void *user_data, switch_event_node_t **node);
/** switch_event.h; waits for running callbacks: never from within one */
switch_status_t switch_event_unbind(switch_event_node_t **node);
/** switch_event.h */
switch_status_t switch_event_create_subclass_detailed(const char *file, const char *func, int line,
													  switch_event_t **event, switch_event_types_t event_id,
													  const char *subclass_name);
/** switch_event.h */
switch_status_t switch_event_add_header_string(switch_event_t *event, switch_stack_t stack,
											   const char *header_name, const char *data);
/** switch_event.h; takes the event */
switch_status_t switch_event_fire_detailed(const char *file, const char *func, int line,
										   switch_event_t **event, void *user_data);
/** switch_event.h */
void switch_event_destroy(switch_event_t **event);

/* ---- XML: switch_types.h, switch_xml.h ------------------------------------------------------------ */

/** switch_xml.h */
struct switch_xml {
	char *name;
	char **attr;
	char *txt;
	char *free_path;
	switch_size_t off;
	switch_xml_t next;
	switch_xml_t sibling;
	switch_xml_t ordered;
	switch_xml_t child;
	switch_xml_t parent;
	uint32_t flags;
	switch_bool_t is_switch_xml_root_t;
	uint32_t refs;
	const char *open;
	const char *close;
};

/** switch_types.h; the core or its caller frees the tree that is returned; all but section may be NULL */
typedef switch_xml_t (*switch_xml_search_function_t) (const char *section, const char *tag_name,
													  const char *key_name, const char *key_value,
													  switch_event_t *params, void *user_data);

/** switch_xml.h; sections is a mask of switch_xml_section_enum_t */
switch_status_t switch_xml_bind_search_function_ret(switch_xml_search_function_t function,
													switch_xml_section_t sections, void *user_data,
													switch_xml_binding_t **ret_binding);
/** switch_xml.h; waits for running search functions: never from within one */
switch_status_t switch_xml_unbind_search_function(switch_xml_binding_t **binding);
/** switch_xml.h; with dup the text is copied, without it must come from malloc and is taken */
switch_xml_t switch_xml_parse_str_dynamic(char *s, switch_bool_t dup);
/** switch_xml.h; what is wrong with the tree, in its memory; empty if nothing is */
const char *switch_xml_error(switch_xml_t xml);
/** switch_xml.h */
void switch_xml_free(switch_xml_t xml);
/** switch_xml.h; returns the root to free, or NULL */
switch_xml_t switch_xml_open_cfg(const char *file_path, switch_xml_t *node, switch_event_t *params);
/** switch_xml.h; counted: give it back with switch_xml_free */
switch_xml_t switch_xml_root(void);
/** switch_xml.h */
switch_xml_t switch_xml_child(switch_xml_t xml, const char *name);
/** switch_xml.h */
switch_xml_t switch_xml_find_child(switch_xml_t node, const char *childname, const char *attrname,
								   const char *value);
/** switch_xml.h */
const char *switch_xml_attr(switch_xml_t xml, const char *attr);
/** switch_xml.h; an empty string where there is no such attribute */
const char *switch_xml_attr_soft(switch_xml_t xml, const char *attr);
/** switch_xml.h; the caller frees the text with free() */
char *switch_xml_toxml_ex(switch_xml_t xml, switch_bool_t prn_header, switch_bool_t use_utf8_encoding);

#endif
