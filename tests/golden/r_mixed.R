# What R's lme4 finds for the models of test_golden_mixed.py. Its optimizers stop early, so each deviance function of lme4
# is taken on to its minimum by Newton's method with numDeriv's derivatives, and errors are from numDeriv's Hessian there.
# Rscript tests/golden/r_mixed.R ../shared/data > tests/golden/r_mixed.txt
suppressPackageStartupMessages({ library(lme4); library(numDeriv) })
data_path <- commandArgs(trailingOnly = TRUE)[1]
cat(R.version.string, "| lme4", as.character(packageVersion("lme4")), "| numDeriv", as.character(packageVersion("numDeriv")), "\n")

say <- function(name, values) for (key in names(values)) cat(name, key, sprintf("%.17g", values[[key]]), "\n")

polish <- function(f, at, rounds = 6) {
  for (i in seq_len(rounds)) at <- at - solve(hessian(f, at), grad(f, at))
  at
}

linear <- function(name, formula, data) for (restricted in c(TRUE, FALSE)) {
  parsed <- lFormula(formula, data, REML = restricted)
  deviance <- do.call(mkLmerDevfun, parsed)
  start <- optimize(deviance, c(0, 20), tol = 1e-10)$minimum
  theta <- if (start < 1e-6 || deviance(0) <= deviance(start)) 0 else polish(deviance, start)
  deviance(theta)
  fit <- mkMerMod(environment(deviance), list(par = theta, fval = deviance(theta), conv = 0), parsed$reTrms, parsed$fr)
  label <- paste(name, if (restricted) "reml" else "ml", sep = ":")
  sds <- as.data.frame(VarCorr(fit))$sdcor
  say(label, list(sd = sds[1], residual_sd = sds[2], log_likelihood = c(logLik(fit))))
  say(paste0(label, ":estimate"), as.list(fixef(fit)))
  say(paste0(label, ":std_error"), as.list(sqrt(diag(as.matrix(vcov(fit))))))
}

generalized <- function(name, formula, data, family, nodes) for (count in nodes) {
  control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13, optCtrl = list(rhoend = 1e-9, maxfun = 1e5), calc.derivs = FALSE)
  fit <- suppressMessages(suppressWarnings(glmer(formula, data, family, nAGQ = count, control = control)))
  deviance <- update(fit, devFunOnly = TRUE)
  at <- c(getME(fit, "theta"), fixef(fit))
  label <- paste(name, count, sep = ":")
  if (at[1] > 1e-4) {
    at <- polish(deviance, at, 4)
    errors <- sqrt(diag(2 * solve(hessian(deviance, at))))
    say(label, list(sd = at[[1]], log_sd_error = errors[[1]] / at[[1]]))
    say(paste0(label, ":estimate"), as.list(at[-1]))
    say(paste0(label, ":std_error"), as.list(setNames(errors[-1], names(at)[-1])))
    # with more than one node lme4's deviance of counts is relative to a saturated model
    y <- getME(fit, "y")
    saturated <- if (count > 1 && identical(family, poisson)) sum(dpois(y, y, log = TRUE)) else 0
    say(label, list(log_likelihood = saturated - deviance(at) / 2))
  } else {
    plain <- glm(nobars(formula), family, data, epsilon = 1e-15, maxit = 100)
    say(label, list(sd = 0, log_likelihood = c(logLik(plain))))
    say(paste0(label, ":estimate"), as.list(coef(plain)))
  }
}

names_of <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal", "num")
heart <- do.call(rbind, lapply(0:3, function(place) {
  hospital <- c("cleveland", "hungarian", "switzerland", "va")[place + 1]
  own <- read.csv(file.path(data_path, paste0("heart/processed.", hospital, ".data")), header = FALSE, col.names = names_of, na.strings = "?")
  own <- own[, c("age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak", "num")]
  cbind(own[complete.cases(own), ], site = place)
}))
heart$ill <- as.integer(heart$num > 0)
# The people sorted by age and dealt in runs of uneven length: sites that differ, the first of one person.
place <- order(order(heart$age, seq_len(nrow(heart)))) - 1
dealt <- function(sites) ifelse(place == 0, 0, 1 + pmin(floor(sites * (place / nrow(heart))^2), sites - 1))
for (kind in c("3", "4", "18")) {
  own <- heart
  if (kind != "4") own$site <- dealt(as.integer(kind))
  linear(paste0("heart", kind), thalach ~ sex + oldpeak + (1 | site), own)
  generalized(paste0("heart", kind), ill ~ sex + oldpeak + exang + (1 | site), own, binomial, c(1, 7, 9))
}
# No difference between sites but chance: the standard deviation is zero.
own <- heart
own$site <- (seq_len(nrow(own)) - 1) %% 5
linear("even", thalach ~ age + sex + (1 | site), own)
generalized("even", ill ~ sex + exang + (1 | site), own, binomial, c(1, 7))

# Patients as groups within sites: relapse and death of each, and both eyes of each.
colon <- read.csv(file.path(data_path, "survival/colon.csv"))
linear("colon", time ~ age + sex + etype + (1 | id), colon)
eyes <- read.csv(file.path(data_path, "survival/retinopathy.csv"))
generalized("eyes", status ~ trt + risk + (1 | id), eyes, binomial, c(1, 7, 25))

# Infections of each patient with chronic granulomatous disease, in 13 hospitals; and in each of a patient's intervals.
cgd <- read.csv(file.path(data_path, "survival/cgd.csv"))
cgd$treated <- as.integer(cgd$treat == "rIFN-g")
cgd$days <- cgd$tstop - cgd$tstart
each <- aggregate(cbind(status, days) ~ id + center + treated, cgd, sum)
generalized("infections", status ~ treated + offset(log(days)) + (1 | center), each, poisson, c(1, 7))
generalized("intervals", status ~ treated + age + offset(log(days)) + (1 | id), cgd, poisson, c(1, 7, 25))

# The International Stroke Trial: 466 hospitals.
stroke <- read.csv(gzfile(file.path(data_path, "stroke_trial/IST.csv.gz")))
stroke <- stroke[stroke$ID14 %in% c(0, 1), ]
stroke$aspirin <- as.integer(stroke$RXASP == "Y")
stroke$decades <- stroke$AGE / 10
generalized("stroke", ID14 ~ aspirin + decades + (1 | HOSPNUM), stroke, binomial, c(1, 7))
generalized("countries", ID14 ~ aspirin + decades + (1 | COUNTRY), stroke, binomial, c(1, 7))
linear("stroke", RSBP ~ aspirin + decades + (1 | HOSPNUM), stroke)
