//! The blocks of an Appfile.

use std::collections::BTreeMap;

use hcl_edit::Span;
use hcl_edit::structure::{Block, Body, Structure};
use otto_plugin::bindings::appfile::{
    Appfile, Application, Customization, Dependency, Foundation, Import, Infrastructure, Project,
};

use super::fault::FaultKind;
use super::mark::{Mark, Marks};
use super::name::Name;
use super::quoted::quoted;
use super::reader::{Grammar, Reader};

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) appfile: Appfile,
    pub(super) marks: Marks,
    /// Where the imports of `appfile` stand, by their sources.
    pub(super) imports: BTreeMap<String, Mark>,
    application: Option<Mark>,
    project: Option<Mark>,
}

const TOP: Grammar = Grammar {
    place: "in an Appfile",
    attributes: &[],
    blocks: &[
        "application",
        "project",
        "infrastructure",
        "customization",
        "import",
    ],
};

const APPLICATION: Grammar = Grammar {
    place: "in `application`",
    attributes: &["name", "type"],
    blocks: &["dependency"],
};

const DEPENDENCY: Grammar = Grammar {
    place: "in `dependency`",
    attributes: &["source"],
    blocks: &[],
};

const PROJECT: Grammar = Grammar {
    place: "in `project`",
    attributes: &["name", "infrastructure"],
    blocks: &[],
};

const INFRASTRUCTURE: Grammar = Grammar {
    place: "in `infrastructure`",
    attributes: &["type", "flavor"],
    blocks: &["foundation"],
};

impl Reader<'_> {
    /// Reads the whole file. What is wrong in it is left out, and noted.
    pub(super) fn appfile(&mut self, body: &Body) -> Said {
        let mut said = Said::default();
        self.walk(body, &TOP, |this, structure| {
            let Structure::Block(block) = structure else {
                return;
            };
            match block.ident.as_str() {
                "application" => {
                    if this.is_first(block, "application", &mut said.application) {
                        said.appfile.application = this.application(block, &mut said.marks);
                    }
                }
                "project" => {
                    if this.is_first(block, "project", &mut said.project) {
                        said.appfile.project = Some(this.project(block, &mut said.marks));
                    }
                }
                "infrastructure" => this.infrastructure(block, &mut said),
                "customization" => {
                    let customization = this.customization(block);
                    said.appfile.customization.extend(customization);
                }
                _ => this.import(block, &mut said),
            }
        });
        said
    }

    /// Notes a block that stands twice, or has a label.
    fn is_first(&mut self, block: &Block, kind: &'static str, first: &mut Option<Mark>) -> bool {
        if block.is_labeled() {
            let example = match kind {
                "application" => "application { name = \"…\" }",
                _ => "project { name = \"…\" }",
            };
            self.labels(block, kind, "can have no label", example);
        }
        if let Some(first) = first {
            self.twice(format!("`{kind}`"), block.ident.span(), first);
            return false;
        }
        *first = Some(self.mark(&block.ident));
        true
    }

    fn application(&mut self, block: &Block, marks: &mut Marks) -> Application {
        let mut application = Application::default();
        self.walk(
            &block.body,
            &APPLICATION,
            |this, structure| match structure {
                Structure::Attribute(attribute) => {
                    let (field, name) = match attribute.key.as_str() {
                        "name" => (&mut application.name, Name::Free),
                        _ => (&mut application.r#type, Name::Plain),
                    };
                    *field = this.name(attribute, name).unwrap_or_default();
                }
                Structure::Block(block) => {
                    if let Some((source, mark)) = this.dependency(block) {
                        if let Some(first) = marks.dependencies.get(&source) {
                            let what = format!("the dependency {}", quoted(&source));
                            this.twice(what, Some(mark.range()), first);
                            return;
                        }
                        marks.dependencies.insert(source.clone(), mark);
                        application.dependencies.push(Dependency { source });
                    }
                }
            },
        );
        application
    }

    fn dependency(&mut self, block: &Block) -> Option<(String, Mark)> {
        const EXAMPLE: &str = "dependency { source = \"../database\" }";
        if block.is_labeled() {
            self.labels(block, "dependency", "can have no label", EXAMPLE);
        }
        let mut source = None;
        let mut is_there = false;
        self.walk(&block.body, &DEPENDENCY, |this, structure| {
            if let Structure::Attribute(attribute) = structure {
                is_there = true;
                let mark = this.mark(&attribute.value);
                source = this.name(attribute, Name::Source).map(|text| (text, mark));
            }
        });
        if !is_there {
            let kind = FaultKind::Missing {
                block: "dependency",
                attribute: "source",
                example: EXAMPLE,
            };
            self.fault(kind, block.ident.span());
        }
        source
    }

    fn project(&mut self, block: &Block, marks: &mut Marks) -> Project {
        let mut project = Project::default();
        self.walk(&block.body, &PROJECT, |this, structure| {
            let Structure::Attribute(attribute) = structure else {
                return;
            };
            if attribute.has_key("name") {
                project.name = this.name(attribute, Name::Free).unwrap_or_default();
            } else {
                project.infrastructure = this.name(attribute, Name::Free).unwrap_or_default();
                marks.project_infrastructure = Some(this.mark(&attribute.value));
            }
        });
        project
    }

    fn infrastructure(&mut self, block: &Block, said: &mut Said) {
        let mut infrastructure = Infrastructure::default();
        let mut foundations: BTreeMap<String, Mark> = BTreeMap::new();
        self.walk(
            &block.body,
            &INFRASTRUCTURE,
            |this, structure| match structure {
                Structure::Attribute(attribute) => {
                    let text = this.name(attribute, Name::Plain).unwrap_or_default();
                    if attribute.has_key("type") {
                        infrastructure.r#type = text;
                    } else {
                        infrastructure.flavor = text;
                    }
                }
                Structure::Block(block) => {
                    let Some(foundation) = this.foundation(block) else {
                        return;
                    };
                    if let Some(first) = foundations.get(&foundation.name) {
                        let what = format!("the foundation {}", quoted(&foundation.name));
                        this.twice(what, block.ident.span(), first);
                        return;
                    }
                    foundations.insert(foundation.name.clone(), this.mark(&block.ident));
                    infrastructure.foundations.push(foundation);
                }
            },
        );
        let Some(name) = self.label(
            block,
            "infrastructure",
            "the name",
            Name::Free,
            "infrastructure \"production\" { … }",
        ) else {
            return;
        };
        if let Some(first) = said.marks.infrastructures.get(&name) {
            let what = format!("the infrastructure {}", quoted(&name));
            self.twice(what, block.ident.span(), first);
            return;
        }
        let mark = self.mark(&block.ident);
        said.marks.infrastructures.insert(name.clone(), mark);
        infrastructure.name = name;
        said.appfile.infrastructure.push(infrastructure);
    }

    fn foundation(&mut self, block: &Block) -> Option<Foundation> {
        let config = self.config(&block.body, "in `foundation`");
        let name = self.label(
            block,
            "foundation",
            "the name",
            Name::Plain,
            "foundation \"consul\" { … }",
        )?;
        Some(Foundation { name, config })
    }

    fn customization(&mut self, block: &Block) -> Option<Customization> {
        let config = self.config(&block.body, "in `customization`");
        let r#type = if block.is_labeled() {
            self.label(
                block,
                "customization",
                "the type",
                Name::Plain,
                "customization \"app\" { … }",
            )?
            .to_lowercase()
        } else {
            "app".to_owned()
        };
        Some(Customization { r#type, config })
    }

    fn import(&mut self, block: &Block, said: &mut Said) {
        self.walk(&block.body, &Grammar::empty("in `import`"), |_, _| ());
        let Some(source) = self.label(
            block,
            "import",
            "the source",
            Name::Source,
            "import \"../common\" {}",
        ) else {
            return;
        };
        let mark = block.labels.first().map(|label| self.mark(label));
        let mark = mark.unwrap_or_else(|| self.mark(&block.ident));
        if let Some(first) = said.imports.get(&source) {
            let what = format!("the import of {}", quoted(&source));
            self.twice(what, block.labels.first().and_then(Span::span), first);
            return;
        }
        said.imports.insert(source.clone(), mark);
        said.appfile.imports.push(Import { source });
    }
}
