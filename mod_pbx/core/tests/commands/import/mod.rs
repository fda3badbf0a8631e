//! `pbx import directory`.

mod hostile;
mod names;
mod passwords;
mod takeover;

use std::fs;
use std::path::Path;

use pbx_core::secret::a1_hex;
use serde_json::Value;

use crate::support::Desk;

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A user's file in the shape of the vanilla configuration.
fn user(id: &str, attributes: &str, params: &str, variables: &str) -> String {
    let pairs = |tag: &str, text: &str| -> String {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            format!("      <{tag} name=\"{name}\" value=\"{value}\"/>\n")
        };
        text.split('|')
            .filter(|text| !text.is_empty())
            .map(pair)
            .collect()
    };
    format!(
        "<include>\n  <user id=\"{id}\" {attributes}>\n    <params>\n{}    </params>\n    <variables>\n{}    </variables>\n  </user>\n</include>\n",
        pairs("param", params),
        pairs("variable", variables)
    )
}

/// An office of the kind that runs on the vanilla configuration.
fn office(root: &Path) -> String {
    write(
        root,
        "default.xml",
        r#"<!-- the directory -->
<include>
  <X-PRE-PROCESS cmd="set" data="default_password=1234"/>
  <domain name="$${domain}">
    <params><param name="dial-string" value="{sip_invite_domain=${dialed_domain}}${sofia_contact(${dialed_user})}"/></params>
    <variables><variable name="record_stereo" value="true"/></variables>
    <groups>
      <group name="default">
        <users>
          <X-PRE-PROCESS cmd="include" data="default/*.xml"/>
        </users>
      </group>
      <group name="sales">
        <users><user id="1000" type="pointer"/><user id="1001" type="pointer"/></users>
      </group>
    </groups>
  </domain>
</include>
"#,
    );
    let add = |name: &str, text: String| write(root, &format!("default/{name}.xml"), &text);
    let common =
        "user_context=default|effective_caller_id_number=1000|callgroup=techsupport|toll_allow=local";
    add(
        "1000",
        user(
            "1000",
            "",
            "password=$${default_password}|vm-password=1000",
            &format!("{common}|effective_caller_id_name=Extension 1000"),
        ),
    );
    add(
        "1001",
        user(
            "1001",
            "",
            "password=qT7!xxPz2w|vm-password=7391|vm-mailto=ann@example.com",
            "effective_caller_id_name=Ann &amp; Co",
        ),
    );
    let hash = a1_hex("1002", "pbx.test", "hG5#longEnough");
    add(
        "1002",
        user(
            "1002",
            "cacheable=\"60000\" type=\"normal\"",
            &format!("a1-hash={hash}|vm-enabled=false"),
            "",
        ),
    );
    add(
        "brian",
        user(
            "brian",
            "number-alias=\"1010\" cidr=\"192.0.2.0/24\"",
            "password=zU8?wideRange",
            "effective_caller_id_name=Brian",
        ),
    );
    add("gw", user("example.com", "", "password=whatever", ""));
    add(
        "zz1003",
        user("1003", "number-alias=\"1001\"", "password=zU8?wideRange", ""),
    );
    add("zz1004", user("1000", "", "password=zU8?wideRange", ""));
    add(
        "zz1005",
        user("1005", "", "", "effective_caller_id_name=${system(reboot)}"),
    );
    add("zz1006", user("10 06", "", "password=x", ""));
    add("zz1007", user("1007", "", "password=$${nowhere}", ""));
    root.join("default.xml").display().to_string()
}

fn row<'a>(report: &'a Value, place: &str) -> &'a Value {
    let rows = report["users"].as_array().unwrap();
    rows.iter()
        .find(|row| row["place"].as_str().unwrap().contains(place))
        .unwrap_or_else(|| panic!("{place}: {report}"))
}

fn desk() -> Desk {
    Desk::with(&[("domain", "PBX.test")], &[])
}
