//! One file per pane; each draws one view and answers one question.
