//! `reporting`: where reports go.

use schemars::JsonSchema;

use super::Section;
use crate::settings::value::Placed;
use crate::settings::value::aws::KeyPrefix;
use crate::settings::value::text::MailTemplate;

/// Where reports go, and what the mail about costs says.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "reporting")]
pub struct Reporting {
    /// What the keys of reports on activities start with, in the bucket of reports.
    #[schemars(with = "Option<Placed<KeyPrefix>>", extend("default" = "SpaReports/Activities"))]
    pub activities_prefix: KeyPrefix,
    /// The text of the mail that carries the monthly reports of costs, in Markdown; `{month}` is filled in.
    #[schemars(with = "Option<Placed<MailTemplate>>", extend("default" = Reporting::TEMPLATE))]
    pub costs_markdown_template: MailTemplate,
    /// What the keys of reports on costs start with.
    #[schemars(with = "Option<Placed<KeyPrefix>>", extend("default" = "SpaReports/Costs"))]
    pub costs_prefix: KeyPrefix,
    /// What the keys of reports on exceptions start with.
    #[schemars(with = "Option<Placed<KeyPrefix>>", extend("default" = "SpaReports/Exceptions"))]
    pub exceptions_prefix: KeyPrefix,
    /// What the keys of inventories start with.
    #[schemars(with = "Option<Placed<KeyPrefix>>", extend("default" = "SpaReports/Inventories"))]
    pub inventories_prefix: KeyPrefix,
}

impl Reporting {
    const TEMPLATE: &'static str = "# Costs of {month}\n\nThe costs of {month} are attached: as a workbook for people, and as CSV for programs.\n";

    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let template = section.optional::<MailTemplate>("costs_markdown_template");
        let reporting = Self {
            activities_prefix: prefix(&mut section, "activities_prefix", "SpaReports/Activities"),
            costs_markdown_template: template
                .map_or_else(|| MailTemplate::built_in(Self::TEMPLATE), |template| template.value),
            costs_prefix: prefix(&mut section, "costs_prefix", "SpaReports/Costs"),
            exceptions_prefix: prefix(&mut section, "exceptions_prefix", "SpaReports/Exceptions"),
            inventories_prefix: prefix(&mut section, "inventories_prefix", "SpaReports/Inventories"),
        };
        section.close();
        reporting
    }
}

fn prefix(section: &mut Section<'_, '_>, key: &'static str, built_in: &str) -> KeyPrefix {
    section.optional(key).map_or_else(|| KeyPrefix::built_in(built_in), |prefix| prefix.value)
}
