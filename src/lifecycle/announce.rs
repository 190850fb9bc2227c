//! What announcements say: the labels and shapes of the predecessor.

use state_machine::{
    Account, AccountLabel, Announcement, CycleKind, Exception, ExceptionLabel, Stop, Text, Timestamp, Token,
    Window,
};

use crate::event::{self, AccountEvent, ActivityEvent, ActivityLabel, ExceptionEvent, News, OwnEvent};
use crate::settings::{Settings, TagKey};

/// What stands for the cost center of an account that has none.
const NO_COST_CENTER: &str = "NoCostTag";

/// The tag that names the cost center where the settings name no other.
const COST_CENTER: &str = "cost-center";

/// Who announces.
#[derive(Clone, Debug)]
pub struct Announcer {
    cost_center_key: Text,
}

impl Announcer {
    /// The announcer that these settings ask for.
    pub fn of(settings: &Settings) -> Self {
        let key = settings.features().with_cost_management_tag.as_ref();
        Self::with_cost_center(key.map(TagKey::as_str))
    }

    /// The announcer that finds the cost center of an account in this tag; `None`: in the usual one.
    pub fn with_cost_center(key: Option<&str>) -> Self {
        Self { cost_center_key: key.unwrap_or(COST_CENTER).into() }
    }

    /// The event that announces something of an account. Readers notice a second delivery by its token.
    pub fn event(&self, account: &Account, announcement: &Announcement, token: Token) -> OwnEvent {
        let news = match announcement {
            Announcement::Account(label) => News::Account(AccountEvent {
                label: account_label(*label),
                account: account.id(),
                message: None,
            }),
            Announcement::Activity { cycle, began, ended } => {
                News::Activity(self.activity(account, *cycle, *began, *ended, token))
            }
            Announcement::Exception(exception) => {
                let Exception { label, title, message } = exception.as_ref();
                News::Exception(ExceptionEvent {
                    label: exception_label(*label),
                    account: Some(account.id()),
                    title: Text::clone(title),
                    message: Text::clone(message),
                    impact: None,
                })
            }
        };
        OwnEvent { token: Some(token), news }
    }

    /// The event that tells that a window lets nobody in any more.
    pub fn window_stopped(window: &Window, because: Stop) -> OwnEvent {
        let (label, reason) = match because {
            Stop::Failures { failed, of } => (
                event::ExceptionLabel::FailedMaintenance,
                format!("{failed} of {of} accounts met a failed build, more than usual"),
            ),
            Stop::TimeIsUp => {
                (event::ExceptionLabel::Generic, "it has been open for as long as it may".to_owned())
            }
        };
        let title = format!("The maintenance window of {} was stopped", window.id);
        let message = format!(
            "The maintenance window of {} lets no account in any more: {reason}.\n\
             {} of {} accounts had their turn; those in flight go on.\n\
             To see the accounts: spa accounts --stuck. To open another window: spa window open --reason …",
            window.id, window.turns, window.planned
        );
        let news = News::Exception(ExceptionEvent {
            label,
            account: None,
            title: title.into(),
            message: message.into(),
            impact: None,
        });
        OwnEvent { token: None, news }
    }

    fn activity(
        &self,
        account: &Account,
        cycle: CycleKind,
        begin: Timestamp,
        end: Timestamp,
        token: Token,
    ) -> ActivityEvent {
        let tags = account.profile().tags.clone();
        let cost_center = tags.get(&self.cost_center_key).cloned();
        ActivityEvent {
            label: match cycle {
                CycleKind::OnBoarding => ActivityLabel::SuccessfulOnBoarding,
                CycleKind::Maintenance => ActivityLabel::SuccessfulMaintenance,
            },
            account: account.id(),
            cost_center: cost_center.unwrap_or_else(|| NO_COST_CENTER.into()),
            transaction: cycle.as_str().into(),
            begin,
            end,
            identifier: token.to_string().into(),
            tags,
        }
    }
}

/// The decision's label, as the bus knows it; the bus knows others besides.
const fn account_label(label: AccountLabel) -> event::AccountLabel {
    match label {
        AccountLabel::CreatedAccount => event::AccountLabel::Created,
        AccountLabel::AssignedAccount => event::AccountLabel::Assigned,
        AccountLabel::PreparedAccount => event::AccountLabel::Prepared,
        AccountLabel::ReleasedAccount => event::AccountLabel::Released,
        AccountLabel::ExpiredAccount => event::AccountLabel::Expired,
        AccountLabel::PurgedAccount => event::AccountLabel::Purged,
    }
}

const fn exception_label(label: ExceptionLabel) -> event::ExceptionLabel {
    match label {
        ExceptionLabel::FailedCodebuildException => event::ExceptionLabel::FailedCodebuild,
        ExceptionLabel::FailedMaintenanceException => event::ExceptionLabel::FailedMaintenance,
        ExceptionLabel::FailedOnBoardingException => event::ExceptionLabel::FailedOnBoarding,
        ExceptionLabel::GenericException => event::ExceptionLabel::Generic,
    }
}
