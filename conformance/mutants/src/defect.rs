//! What this plugin does wrong, and what it does that not every plugin does, and may.

macro_rules! defects {
    ($($name:literal => $defect:ident: $what:literal,)*) => {
        /// One thing that this plugin does wrong, or, where its name begins with `may`, that keeps
        /// every rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Defect {
            $(#[doc = $what] $defect,)*
        }

        /// All names, with what they stand for.
        const NAMES: &[(&str, Defect, &str)] = &[$(($name, Defect::$defect, $what),)*];
    };
}

defects! {
    "dies-in-the-root" => DiesInTheRoot: "looks into the directory above its working directory",
    "finds-itself-by-its-first-argument" => FindsItselfByItsFirstArgument: "takes the name by which it was called for a path",
    "needs-a-home" => NeedsAHome: "does not start without HOME",
    "is-slow-on-a-port" => IsSlowOnAPort: "prepares itself for 15 s when it has dialled a port",
    "comes-late-to-a-port" => ComesLateToAPort: "prepares itself for 15 s before it dials a port",
    "takes-its-time-on-a-port" => TakesItsTimeOnAPort: "prepares itself for 2.2 s when it has dialled a port",
    "has-room-for-two-processes" => HasRoomForTwoProcesses: "exits if it is running twice already",
    "serves-without-cookie" => ServesWithoutCookie: "takes no cookie for the right one",
    "exits-zero-without-cookie" => ExitsZeroWithoutCookie: "refuses with status 0",
    "refuses-on-stdout" => RefusesOnStdout: "writes the message to stdout as well",
    "silent-without-cookie" => SilentWithoutCookie: "refuses without a word",
    "aborts-without-cookie" => AbortsWithoutCookie: "says what it has to, and aborts",
    "checks-only-that-a-cookie-is-there" => ChecksOnlyThatACookieIsThere: "takes any cookie for the right one",
    "makes-a-socket-before-the-cookie" => MakesASocketBeforeTheCookie: "listens on a path, and removes it only when it serves",
    "dials-before-the-cookie" => DialsBeforeTheCookie: "dials OTTO_PLUGIN_CONNECT first of all",
    "assumes-descriptor-3" => AssumesDescriptor3: "does not read the value of OTTO_PLUGIN_FD",
    "dials-as-well" => DialsAsWell: "dials OTTO_PLUGIN_CONNECT although it has a socket",
    "listens-as-well" => ListensAsWell: "listens on a port",
    "hands-its-socket-on" => HandsItsSocketOn: "lets what it starts inherit its socket",
    "dials-paths-only" => DialsPathsOnly: "does not dial tcp addresses",
    "says-no-token" => SaysNoToken: "dials, and waits to be spoken to",
    "says-the-token-in-capitals" => SaysTheTokenInCapitals: "reads the token as a number, and writes it in its own way",
    "ends-the-token-with-a-line-end" => EndsTheTokenWithALineEnd: "writes the token as a line",
    "stays-when-it-has-dialled" => StaysWhenItHasDialled: "does not exit at the end of a connection that it has dialled",
    "dials-for-ever" => DialsForEver: "dials until somebody listens",
    "waits-for-room" => WaitsForRoom: "dials without a time limit",
    "does-not-name-the-address" => DoesNotNameTheAddress: "does not say what it has dialled in vain",
    "exits-zero-if-it-cannot-dial" => ExitsZeroIfItCannotDial: "takes a host that it cannot dial for one that is gone",
    "waits-without-an-address" => WaitsWithoutAnAddress: "waits if it has neither a socket nor an address",
    "exits-zero-without-an-address" => ExitsZeroWithoutAnAddress: "exits with status 0 if it has neither",
    "speaks-on-stdout-without-an-address" => SpeaksOnStdoutWithoutAnAddress: "says on stdout that it has neither",
    "speaks-at-length-without-an-address" => SpeaksAtLengthWithoutAnAddress: "says in two lines that it has neither",
    "does-not-name-the-variable" => DoesNotNameTheVariable: "does not say where an address comes from that is none",
    "dials-names" => DialsNames: "dials tcp addresses that have a name in them",
    "takes-any-token" => TakesAnyToken: "does not look at the token",
    "shows-the-token" => ShowsTheToken: "shows a token that is none",
    "takes-the-first-version" => TakesTheFirstVersion: "takes the first version that is on offer",
    "takes-the-newest-version" => TakesTheNewestVersion: "takes the highest version that is on offer",
    "takes-no-version-for-its-own" => TakesNoVersionForItsOwn: "connects although its version is not on offer",
    "says-a-version-twice" => SaysAVersionTwice: "lists the version that it speaks twice",
    "does-not-say-what-it-speaks" => DoesNotSayWhatItSpeaks: "refuses an offer, and does not say what it speaks",
    "calls-an-offer-unsupported" => CallsAnOfferUnsupported: "refuses an offer with an error of another kind",
    "stays-when-it-has-refused" => StaysWhenItHasRefused: "does not exit after it has refused an offer",
    "dies-without-a-reader" => DiesWithoutAReader: "prints at each ping, and dies of SIGPIPE",
    "discards-the-beginning-of-a-message" => DiscardsTheBeginningOfAMessage: "takes what it reads at once for whole messages",
    "has-room-for-40-messages" => HasRoomFor40Messages: "forgets the others of those that it reads at once",
    "answers-an-unknown-call" => AnswersAnUnknownCall: "answers a call that it does not know with nothing",
    "hangs-up-at-an-unknown-call" => HangsUpAtAnUnknownCall: "ends the connection at a call that it does not know",
    "hangs-up-at-an-unknown-call-of-its-session" => HangsUpAtAnUnknownCallOfItsSession: "ends the connection at a call of a method that Session does not have",
    "fails-at-an-unknown-call" => FailsAtAnUnknownCall: "answers a call that it does not know as one that failed",
    "refuses-a-larger-host-info" => RefusesALargerHostInfo: "wants HostInfo to have the size that it knows",
    "refuses-larger-parameters" => RefusesLargerParameters: "wants the parameters of meta to have the size that it knows",
    "discards-what-is-buffered" => DiscardsWhatIsBuffered: "keeps only the first message of its first read",
    "waits-if-the-host-never-calls" => WaitsIfTheHostNeverCalls: "does not exit at an early end of file",
    "silent-about-the-descriptor" => SilentAboutTheDescriptor: "exits without a word if there is no socket",
    "aborts-on-a-bad-descriptor" => AbortsOnABadDescriptor: "says what is wrong, and aborts",
    "takes-any-stream-socket" => TakesAnyStreamSocket: "does not look at the family of the socket",
    "takes-any-socket" => TakesAnySocket: "does not look at the type of the socket",
    "panics-on-a-bad-descriptor" => PanicsOnABadDescriptor: "panics if there is no socket",
    "bootstraps-once" => BootstrapsOnce: "answers the second bootstrap with an exception",
    "second-bootstrap-is-null" => SecondBootstrapIsNull: "answers the second bootstrap with a null pointer",
    "connects-twice" => ConnectsTwice: "answers a second connect with a second session",
    "refuses-calls-on-promises" => RefusesCallsOnPromises: "does not know the fields of an answer that it has not sent",
    "offers-a-feature-without-a-domain" => OffersAFeatureWithoutADomain: "has a name of its own for a feature, as if it were the protocol's",
    "offers-a-feature-twice" => OffersAFeatureTwice: "says a feature of its own twice",
    "fails-at-implicit" => FailsAtImplicit: "answers implicit, which it does not do, with an exception",
    "never-answers-implicit" => NeverAnswersImplicit: "does not answer implicit",
    "writes-a-file-in-implicit" => WritesAFileInImplicit: "writes an Appfile when it is asked for what follows from one",
    "stores-a-record-in-implicit" => StoresARecordInImplicit: "stores a record when it is asked for what follows from an Appfile",
    "ends-a-text-without-nul" => EndsATextWithoutNul: "has a text without NUL at its end",
    "sends-what-is-no-text" => SendsWhatIsNoText: "has a text that is not UTF-8",
    "sends-a-pointer-to-nowhere" => SendsAPointerToNowhere: "has a list that is longer than its message",
    "calls-what-nobody-has" => CallsWhatNobodyHas: "calls a method of Log that the schema does not have",
    "has-a-pattern-that-is-none" => HasAPatternThatIsNone: "has a detector with a glob that is none",
    "has-an-expression-that-is-none" => HasAnExpressionThatIsNone: "has a detector with a regular expression that is none",
    "has-an-expression-of-one-language" => HasAnExpressionOfOneLanguage: "has a detector with a regular expression that RE2 reads otherwise",
    "detects-what-it-is-not-for" => DetectsWhatItIsNotFor: "has a detector of a type that it has no tuple for",
    "has-no-tuples" => HasNoTuples: "has an empty meta",
    "leaves-a-tuple-field-empty" => LeavesATupleFieldEmpty: "has a tuple without a flavor",
    "has-another-name" => HasAnotherName: "does not have the name of its file",
    "orders-meta-by-hash" => OrdersMetaByHash: "lists its tuples in the order of a hash map",
    "counts-in-meta" => CountsInMeta: "has the number of the call in its meta",
    "writes-a-file-in-meta" => WritesAFileInMeta: "writes a cache in its home directory",
    "is-slow-in-meta" => IsSlowInMeta: "takes more than a second for its second meta",
    "asks-the-host-in-meta" => AsksTheHostInMeta: "asks for the host's bootstrap capability",
    "calls-the-host-in-meta" => CallsTheHostInMeta: "shows a message",
    "forgets-calls-that-overlap" => ForgetsCallsThatOverlap: "has one place for the answer that is awaited",
    "answers-a-call-twice" => AnswersACallTwice: "answers its eighth meta with nothing before it answers it",
    "answers-no-ping-when-busy" => AnswersNoPingWhenBusy: "answers a ping only if there is no other call",
    "begins-a-later-call-first" => BeginsALaterCallFirst: "thinks about the first connect for so long that a second one gets the session",
    "locks-out-a-second-process" => LocksOutASecondProcess: "exits if it is running already",
    "stays-after-shutdown" => StaysAfterShutdown: "answers shutDown, and goes on",
    "fails-at-shutdown" => FailsAtShutdown: "exits with status 3 at shutdown",
    "shuts-down-without-an-answer" => ShutsDownWithoutAnAnswer: "exits before it answers shutDown",
    "leaves-a-file" => LeavesAFile: "leaves a temporary file",
    "leaves-a-process" => LeavesAProcess: "leaves a process of a group of its own",
    "waits-for-the-next-host" => WaitsForTheNextHost: "listens when its host is gone",
    "ignores-a-reset" => IgnoresAReset: "takes an end of file for the only end",
    "aborts-at-the-end" => AbortsAtTheEnd: "aborts when its host is gone",
    "fails-at-the-end" => FailsAtTheEnd: "exits with status 1 when its host is gone",
    "fails-at-half-a-message" => FailsAtHalfAMessage: "exits with status 3 at an end of file that cuts a message short",
    "keeps-its-children" => KeepsItsChildren: "ends the process that it has started only at shutdown",
    "ignores-sigterm" => IgnoresSigterm: "ignores SIGTERM",
    "dies-of-sigterm" => DiesOfSigterm: "does not handle SIGTERM",
    "fails-at-sigterm" => FailsAtSigterm: "exits with status 1 at SIGTERM",
    "dies-of-sigint" => DiesOfSigint: "does not handle SIGINT",
    "shuts-down-at-sigint" => ShutsDownAtSigint: "exits with status 0 at SIGINT",
    "answers-one-shutdown" => AnswersOneShutdown: "does not answer a second shutDown",
    "aborts-at-a-second-shutdown" => AbortsAtASecondShutdown: "aborts at a second shutDown",
    "opens-a-file-now-and-then" => OpensAFileNowAndThen: "opens a file at each 20th meta, and leaves it open",
    "starts-a-thread-now-and-then" => StartsAThreadNowAndThen: "starts a thread at each 20th meta that never ends",
    "keeps-what-it-was-asked" => KeepsWhatItWasAsked: "keeps 128 KiB for each meta",
    "aborts-at-garbage" => AbortsAtGarbage: "aborts at what cannot be the beginning of a message",
    "refuses-garbage-in-silence" => RefusesGarbageInSilence: "does not say why it ends a connection",
    "spins-at-half-a-message" => SpinsAtHalfAMessage: "reads on and on behind the end of the file if that cuts a message short",
    "waits-after-half-a-message" => WaitsAfterHalfAMessage: "waits for the rest of a message behind the end of the file",
    "takes-half-of-what-it-says" => TakesHalfOfWhatItSays: "takes messages of half as many bytes and segments as it announces",
    "takes-more-segments-than-it-says" => TakesMoreSegmentsThanItSays: "takes 4,000 segments, and announces 256",
    "names-a-limit-without-its-value" => NamesALimitWithoutItsValue: "says which limit was passed, and neither its value nor what came",
    "takes-any-size" => TakesAnySize: "waits for the bytes of a message, however many there are to be",
    "makes-room-for-what-it-is-told" => MakesRoomForWhatItIsTold: "sets memory aside for a message before it looks at the size",
    "aborts-at-an-answer-to-nothing" => AbortsAtAnAnswerToNothing: "aborts at a Return for a question that it has not asked",
    "ignores-what-it-does-not-do" => IgnoresWhatItDoesNotDo: "does not answer messages of a level that it does not have",
    "hangs-at-a-release-of-nothing" => HangsAtAReleaseOfNothing: "reads no more after a Release of what it has not given",
    "may-leave-a-daemon" => MayLeaveADaemon: "starts a program in a session of its own, and leaves it there",
    "may-ask-in-implicit" => MayAskInImplicit: "asks the host in implicit what it may, and goes on only with the answers that a host gives",
    "may-accept-few-calls" => MayAcceptFewCalls: "accepts 4 calls at once, and ends at more than four times as many",
    "aborts-at-its-65th-meta" => AbortsAtIts65thMeta: "aborts when meta is called for the 65th time",
    "aborts-at-a-broken-pointer" => AbortsAtABrokenPointer: "aborts at a call whose content it cannot read",
}

impl Defect {
    /// The defect that `OTTO_MUTANT` names. Without it there is none.
    pub(crate) fn from_environment() -> Result<Option<Self>, String> {
        let Some(wanted) = std::env::var_os("OTTO_MUTANT") else {
            return Ok(None);
        };
        match NAMES.iter().find(|(name, ..)| wanted == *name) {
            Some((_, defect, _)) => Ok(Some(*defect)),
            None => Err(unknown(&wanted.to_string_lossy())),
        }
    }
}

fn unknown(wanted: &str) -> String {
    let mut message = format!("error: OTTO_MUTANT={wanted} is none of these:\n");
    for (name, _, what) in NAMES {
        message.push_str(&format!("  {name:<34}  {what}\n"));
    }
    message
}
