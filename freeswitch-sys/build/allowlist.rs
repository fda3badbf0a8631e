//! Everything that is bound, by the FreeSWITCH header that declares it. More is added here first, and
//! to `include/freeswitch_abi.h`.

/// What is used of one FreeSWITCH header.
pub struct Header {
    /// Its file name.
    pub name: &'static str,
    /// Functions.
    pub functions: &'static [&'static str],
    /// Types, with those that they and the functions are made of: nothing comes along by itself.
    pub types: &'static [&'static str],
    /// Constants made by `#define`.
    pub constants: &'static [&'static str],
}

/// All of it, sorted.
pub const HEADERS: &[Header] = &[
    Header {
        name: "switch_apr.h",
        functions: &[],
        types: &["switch_mutex_t", "switch_thread_rwlock_t"],
        constants: &[],
    },
    Header {
        name: "switch_console.h",
        functions: &[
            "switch_console_add_complete_func",
            "switch_console_del_complete_func",
            "switch_console_free_matches",
            "switch_console_push_match",
            "switch_console_stream_raw_write",
            "switch_console_stream_write",
        ],
        types: &[],
        constants: &["SWITCH_CMD_CHUNK_LEN"],
    },
    Header {
        name: "switch_core.h",
        functions: &[
            "switch_console_set_complete",
            "switch_core_get_variable_dup",
            "switch_loadable_module_create_interface",
            "switch_loadable_module_create_module_interface",
            "switch_version_full",
        ],
        types: &[],
        constants: &[],
    },
    Header {
        name: "switch_event.h",
        functions: &[
            "switch_event_add_header_string",
            "switch_event_bind_removable",
            "switch_event_create_subclass_detailed",
            "switch_event_destroy",
            "switch_event_fire_detailed",
            "switch_event_unbind",
        ],
        types: &["switch_event", "switch_event_flag_t", "switch_event_header"],
        constants: &[],
    },
    Header {
        name: "switch_loadable_module.h",
        functions: &["switch_api_execute", "switch_loadable_module_exists"],
        types: &[],
        constants: &[],
    },
    Header {
        name: "switch_log.h",
        functions: &["switch_log_printf"],
        types: &[],
        constants: &[],
    },
    Header {
        name: "switch_module_interfaces.h",
        functions: &[],
        types: &[
            "switch_api_interface",
            "switch_application_interface",
            "switch_stream_handle",
        ],
        constants: &[],
    },
    Header {
        name: "switch_platform.h",
        functions: &[],
        types: &["switch_size_t"],
        constants: &[],
    },
    Header {
        name: "switch_types.h",
        functions: &[],
        types: &[
            "switch_api_function_t",
            "switch_application_function_t",
            "switch_bool_t",
            "switch_console_callback_match",
            "switch_console_callback_match_node",
            "switch_console_callback_match_t",
            "switch_console_complete_callback_t",
            "switch_core_session_t",
            "switch_event_callback_t",
            "switch_event_header_t",
            "switch_event_node_t",
            "switch_event_t",
            "switch_event_types_t",
            "switch_loadable_module_function_table",
            "switch_loadable_module_interface_t",
            "switch_log_level_t",
            "switch_memory_pool_t",
            "switch_module_flag_t",
            "switch_module_interface_name_t",
            "switch_module_load_t",
            "switch_module_runtime_t",
            "switch_module_shutdown_t",
            "switch_priority_t",
            "switch_stack_t",
            "switch_status_t",
            "switch_stream_handle_raw_write_function_t",
            "switch_stream_handle_read_function_t",
            "switch_stream_handle_t",
            "switch_stream_handle_write_function_t",
            "switch_text_channel_t",
            "switch_xml_binding_t",
            "switch_xml_search_function_t",
            "switch_xml_section_enum_t",
            "switch_xml_section_t",
            "switch_xml_t",
        ],
        constants: &["SWITCH_API_VERSION"],
    },
    Header {
        name: "switch_xml.h",
        functions: &[
            "switch_xml_attr",
            "switch_xml_attr_soft",
            "switch_xml_bind_search_function_ret",
            "switch_xml_child",
            "switch_xml_error",
            "switch_xml_find_child",
            "switch_xml_free",
            "switch_xml_open_cfg",
            "switch_xml_parse_str_dynamic",
            "switch_xml_root",
            "switch_xml_toxml_ex",
            "switch_xml_unbind_search_function",
        ],
        types: &["switch_xml"],
        constants: &[],
    },
];
